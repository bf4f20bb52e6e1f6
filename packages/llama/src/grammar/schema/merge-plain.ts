/** Two plain schemas that must both hold, as one. */
import type { Plain, PlainArray, PlainNumber, PlainObject, PlainString } from './plain.js';
import { propertySchemas } from './plain.js';
import { allOf, canonical, type Kind, type Schema } from './schema.js';

/** Undefined when nothing can be both. */
export function mergePlain(left: Plain, right: Plain): Plain | undefined {
  const kinds = mergeKinds(left.kinds, right.kinds);
  const values = mergeValues(left.values, right.values);
  if (kinds?.size === 0 || values?.length === 0) return undefined;
  return {
    kinds,
    mentioned: new Set([...left.mentioned, ...right.mentioned]),
    values,
    number: mergeNumbers(left.number, right.number),
    string: mergeStrings(left.string, right.string),
    array: mergeArrays(left.array, right.array),
    object: mergeObjects(left.object, right.object),
  };
}

function mergeKinds(left: ReadonlySet<Kind> | undefined, right: ReadonlySet<Kind> | undefined) {
  if (left === undefined || right === undefined) return left ?? right;
  return new Set([...left].filter((kind) => right.has(kind)));
}

/** The values that are in both lists, or in the one that is given. */
export function mergeValues(left: readonly unknown[] | undefined, right: readonly unknown[] | undefined) {
  if (left === undefined || right === undefined) return left ?? right;
  const others = new Set(right.map(canonical));
  return left.filter((value) => others.has(canonical(value)));
}

function mergeNumbers(left: PlainNumber, right: PlainNumber): PlainNumber {
  return {
    isInteger: left.isInteger || right.isInteger,
    min: larger(left.min, right.min),
    max: smaller(left.max, right.max),
    above: larger(left.above, right.above),
    below: smaller(left.below, right.below),
    multiples: [...left.multiples, ...right.multiples],
  };
}

export function larger(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.max(left, right);
}

export function smaller(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right);
}

function mergeStrings(left: PlainString, right: PlainString): PlainString {
  return {
    min: Math.max(left.min, right.min),
    max: Math.min(left.max, right.max),
    patterns: [...new Set([...left.patterns, ...right.patterns])],
    formats: [...new Set([...left.formats, ...right.formats])],
  };
}

function mergeArrays(left: PlainArray, right: PlainArray): PlainArray {
  const length = Math.max(left.prefix.length, right.prefix.length);
  const prefix = Array.from({ length }, (_, place) =>
    allOf([left.prefix[place] ?? left.items, right.prefix[place] ?? right.items]),
  );
  return {
    prefix,
    items: left.items === undefined && right.items === undefined ? undefined : allOf([left.items, right.items]),
    min: Math.max(left.min, right.min),
    max: Math.min(left.max, right.max),
  };
}

function mergeObjects(left: PlainObject, right: PlainObject): PlainObject {
  const names = new Set([...left.properties.keys(), ...right.properties.keys()]);
  const properties = new Map<string, Schema>();
  for (const name of names) {
    properties.set(name, allOf([...propertySchemas(left, name), ...propertySchemas(right, name)]));
  }
  const isOpen = left.additional === undefined && right.additional === undefined;
  return {
    properties,
    required: new Set([...left.required, ...right.required]),
    patterns: [...left.patterns, ...right.patterns],
    additional: isOpen ? undefined : allOf([left.additional, right.additional]),
    isClosed: left.isClosed || right.isClosed,
    min: Math.max(left.min, right.min),
    max: Math.min(left.max, right.max),
  };
}
