/** Whether two branches of a `oneOf` cannot both be fulfilled. What cannot be shown counts as no. */
import { accepts, type Expand } from './accepts.js';
import { type Plain, propertySchemas } from './plain.js';
import { ALL_KINDS, type Kind } from './schema.js';

/** How deep properties are looked into for a difference. */
const DEPTH_MAX = 3;

/** Whether no value that is written for `one` is allowed by `other`. */
export function excludes(one: Plain, other: Plain, expand: Expand, depth = 0): boolean {
  if (one.values !== undefined)
    return one.values.every((value) => !accepts(value, one, expand) || !accepts(value, other, expand));
  if (other.values !== undefined)
    return other.values.every((value) => !accepts(value, one, expand) || !accepts(value, other, expand));
  const common = kindsOf(one).filter((kind) => (other.kinds ?? new Set(ALL_KINDS)).has(kind));
  return common.every((kind) => differsIn(kind, one, other, expand, depth));
}

/** The kinds that are written for a schema. */
export function kindsOf({ kinds, mentioned }: Plain): Kind[] {
  if (kinds !== undefined) return [...kinds];
  return mentioned.size > 0 ? [...mentioned] : [...ALL_KINDS];
}

function differsIn(kind: Kind, one: Plain, other: Plain, expand: Expand, depth: number): boolean {
  if (kind === 'number') return numbersDiffer(one.number, other.number);
  if (kind === 'string') return one.string.min > other.string.max || one.string.max < other.string.min;
  if (kind === 'array') return one.array.min > other.array.max || one.array.max < other.array.min;
  return kind === 'object' && objectsDiffer(one.object, other.object, expand, depth);
}

function numbersDiffer(one: Plain['number'], other: Plain['number']): boolean {
  return isBelow(one, other) || isBelow(other, one);
}

/** Whether all of the first lie below all of the second. */
function isBelow(first: Plain['number'], second: Plain['number']): boolean {
  const end = Math.min(first.max ?? Number.POSITIVE_INFINITY, first.below ?? Number.POSITIVE_INFINITY);
  const start = Math.max(second.min ?? Number.NEGATIVE_INFINITY, second.above ?? Number.NEGATIVE_INFINITY);
  return end < start || (end === start && (first.below === end || second.above === start));
}

function objectsDiffer(one: Plain['object'], other: Plain['object'], expand: Expand, depth: number): boolean {
  // Objects are written without properties that the schema does not speak of.
  const isWritten = (name: string) =>
    one.properties.has(name) || one.patterns.length > 0 || one.additional !== undefined;
  const isOpen = one.properties.size === 0 && !one.isClosed;
  if (!isOpen && [...other.required].some((name) => !isWritten(name) && !one.required.has(name))) return true;
  if (depth >= DEPTH_MAX) return false;
  return [...one.required].some((name) => {
    const [mine, theirs] = [propertySchemas(one, name), propertySchemas(other, name)];
    return mine.some((schema) =>
      theirs.some((otherSchema) =>
        expand(schema).every((left) => expand(otherSchema).every((right) => excludes(left, right, expand, depth + 1))),
      ),
    );
  });
}
