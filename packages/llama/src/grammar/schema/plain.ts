/** A schema without references and combinations: what a value has to be, kind by kind. */
import type { Kind, Schema } from './schema.js';

export interface Plain {
  /** The kinds that `type` names; undefined without it. */
  readonly kinds: ReadonlySet<Kind> | undefined;
  /** The kinds that other keywords speak of. */
  readonly mentioned: ReadonlySet<Kind>;
  /** The only values that are allowed, of `enum` and `const`. */
  readonly values: readonly unknown[] | undefined;
  readonly number: PlainNumber;
  readonly string: PlainString;
  readonly array: PlainArray;
  readonly object: PlainObject;
}

export interface PlainNumber {
  readonly isInteger: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly above: number | undefined;
  readonly below: number | undefined;
  readonly multiples: readonly number[];
}

export interface PlainString {
  readonly min: number;
  readonly max: number;
  readonly patterns: readonly string[];
  readonly formats: readonly string[];
}

export interface PlainArray {
  readonly prefix: readonly Schema[];
  /** The items after the prefix; undefined when the schema does not speak of them. */
  readonly items: Schema | undefined;
  readonly min: number;
  readonly max: number;
}

export interface PlainObject {
  readonly properties: ReadonlyMap<string, Schema>;
  readonly required: ReadonlySet<string>;
  readonly patterns: readonly (readonly [pattern: string, schema: Schema])[];
  /** All other properties; undefined when the schema does not speak of them. */
  readonly additional: Schema | undefined;
  /** Whether other properties are forbidden even where nothing else is said of properties. */
  readonly isClosed: boolean;
  readonly min: number;
  readonly max: number;
}

/** Allows everything. */
export const ANYTHING: Plain = {
  kinds: undefined,
  mentioned: new Set(),
  values: undefined,
  number: { isInteger: false, min: undefined, max: undefined, above: undefined, below: undefined, multiples: [] },
  string: { min: 0, max: Number.POSITIVE_INFINITY, patterns: [], formats: [] },
  array: { prefix: [], items: undefined, min: 0, max: Number.POSITIVE_INFINITY },
  object: {
    properties: new Map(),
    required: new Set(),
    patterns: [],
    additional: undefined,
    isClosed: false,
    min: 0,
    max: Number.POSITIVE_INFINITY,
  },
};

/** The schema of a property, from everything that speaks of it. */
export function propertySchemas({ properties, patterns, additional }: PlainObject, name: string): Schema[] {
  const own = properties.get(name);
  const matching = patterns.filter(([pattern]) => new RegExp(pattern, 'u').test(name)).map(([, schema]) => schema);
  if (own === undefined && matching.length === 0) return additional === undefined ? [] : [additional];
  return own === undefined ? matching : [own, ...matching];
}
