/** The way back from a strict schema: a property that is null because it had to be there is left out again. */
import type { JsonSchema } from './standard-schema.js';
import { isObject } from './strict-schema.js';

/** References deeper than this lead in a circle. */
const DEPTH_MAX = 64;

/** A value without the nulls of properties that the original schema lets be absent. */
export function dropNulls(value: unknown, schema: unknown, root = schema, depth = 0): unknown {
  if (!isObject(schema) || typeof value !== 'object' || value === null || depth > DEPTH_MAX) return value;
  const drop = (inner: unknown, of: unknown) => dropNulls(inner, of, root, depth + 1);
  const { $ref, properties, required, items, prefixItems, anyOf, oneOf } = schema;
  if (typeof $ref === 'string') return drop(value, resolve($ref, root));
  const places = (prefixItems ?? items) as unknown;
  const partOf = (name: string) =>
    isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  const isDropped = ([name, inner]: [string, unknown]) =>
    inner === null && partOf(name) && ![required].flat().includes(name);
  const own = Array.isArray(value)
    ? value.map((inner, index) => drop(inner, Array.isArray(places) ? (places[index] ?? items) : items))
    : Object.fromEntries(
        Object.entries(value)
          .filter((entry) => !isDropped(entry))
          .map(([name, inner]) => [name, drop(inner, partOf(name))]),
      );
  return [anyOf ?? [], oneOf ?? []].flat().reduce(drop, own);
}

/** What a reference inside of the document leads to. */
function resolve(reference: string, root: unknown): unknown {
  const steps = reference.split('/').slice(1);
  return steps.reduce((at, step) => {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    return (at as JsonSchema | undefined)?.[name];
  }, root);
}
