/** Whether a value of an `enum` fulfils the other keywords beside it. */
import { FORMATS } from '../text/formats.js';
import { type Plain, propertySchemas } from './plain.js';
import { canonical, isRecord, kindOf, type Schema } from './schema.js';

/** Gives the alternatives of a schema that lies in another one. */
export type Expand = (schema: Schema) => readonly Plain[];

function acceptsAny(value: unknown, plains: readonly Plain[], expand: Expand): boolean {
  return plains.some((plain) => accepts(value, plain, expand));
}

export function accepts(value: unknown, plain: Plain, expand: Expand): boolean {
  if (plain.kinds !== undefined && !plain.kinds.has(kindOf(value))) return false;
  if (plain.values !== undefined && !plain.values.some((known) => canonical(known) === canonical(value))) return false;
  if (typeof value === 'number') return acceptsNumber(value, plain.number);
  if (typeof value === 'string') return acceptsString(value, plain.string);
  if (Array.isArray(value)) return acceptsArray(value, plain.array, expand);
  return isRecord(value) ? acceptsObject(value, plain.object, expand) : true;
}

function acceptsNumber(value: number, { isInteger, min, max, above, below, multiples }: Plain['number']): boolean {
  if (isInteger && !Number.isInteger(value)) return false;
  if (value < (min ?? value) || value > (max ?? value)) return false;
  if ((above !== undefined && value <= above) || (below !== undefined && value >= below)) return false;
  return multiples.every((multiple) => Number.isInteger(value / multiple));
}

function acceptsString(value: string, { min, max, patterns, formats }: Plain['string']): boolean {
  const length = [...value].length;
  if (length < min || length > max) return false;
  const expressions = formats.map((format) => `^(?:${FORMATS.get(format)?.source ?? '[^]*'})$`);
  return [...patterns, ...expressions].every((source) => new RegExp(source, 'u').test(value));
}

function acceptsArray(value: readonly unknown[], { prefix, items, min, max }: Plain['array'], expand: Expand): boolean {
  if (value.length < min || value.length > max) return false;
  return value.every((item, place) => acceptsAny(item, expand(prefix[place] ?? items ?? true), expand));
}

function acceptsObject(value: Record<string, unknown>, object: Plain['object'], expand: Expand): boolean {
  const names = Object.keys(value);
  if (names.length < object.min || names.length > object.max) return false;
  if ([...object.required].some((name) => !Object.hasOwn(value, name))) return false;
  return names.every((name) =>
    propertySchemas(object, name).every((schema) => acceptsAny(value[name], expand(schema), expand)),
  );
}
