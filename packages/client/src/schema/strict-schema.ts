/**
 * Turns a JSON Schema into one that strict functions of the DeepSeek API may have: every property required, no other
 * ones, and few keywords. It takes in what the schema takes in, save properties that the schema does not name; what it
 * takes in beyond that is found by validating the value.
 */
import type { JsonSchema } from './standard-schema.js';

export interface StrictSchema {
  readonly schema: JsonSchema;
  /** Whether nothing was lost: who fulfils it fulfils the original. */
  readonly isExact: boolean;
  /** What of the original cannot be said, with its place. The schema is of no use unless this is empty. */
  readonly problems: readonly string[];
}

interface Lowering {
  isExact: boolean;
  readonly problems: string[];
}

const NOTES = ['title', 'description'];
/** Keywords without a meaning for what is allowed, or whose meaning is kept in another way. */
const KEPT_OTHERWISE = ['$schema', '$id', 'default', 'examples', 'const', 'additionalProperties', 'nullable'];
const NUMBERS = ['default', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const FORMATS: readonly unknown[] = ['email', 'hostname', 'ipv4', 'ipv6', 'uuid'];
const DEFINITIONS = ['$defs', 'definitions'];

/** Keywords that can bring further properties into an object. */
const OPEN_KEYWORDS = ['patternProperties', 'allOf', 'anyOf', 'oneOf', 'if'];

/** What regular expressions of engines have not: look-around, back references, word borders, classes of Unicode. */
const HARD_PATTERN = /\(\?[=!<]|\\[1-9bBpPk]/;

/** Lowers a schema whose root is an object. */
export function toStrictSchema(schema: JsonSchema): StrictSchema {
  const lowering: Lowering = { isExact: true, problems: [] };
  return { schema: lower(schema, '#', lowering), ...lowering };
}

function lower(schema: unknown, path: string, lowering: Lowering): JsonSchema {
  if (!isObject(schema)) return refuse(path, 'allows everything or nothing', lowering);
  if (schema.nullable === true) return orNull(lower({ ...schema, nullable: undefined }, path, lowering));
  const lowered = lowerKind(schema, path, lowering);
  Object.assign(lowered, pick(schema, NOTES));
  for (const keyword of DEFINITIONS) {
    if (isObject(schema[keyword])) lowered[keyword] = lowerAll(schema[keyword], `${path}/${keyword}`, lowering);
  }
  const isKept = (keyword: string) => keyword in lowered || KEPT_OTHERWISE.includes(keyword);
  lowering.isExact &&= Object.keys(schema).every((keyword) => schema[keyword] === undefined || isKept(keyword));
  return lowered;
}

function lowerKind(schema: JsonSchema, path: string, lowering: Lowering): JsonSchema {
  const { type, allOf } = schema;
  const branches = schema.anyOf ?? schema.oneOf;
  if (typeof schema.$ref === 'string') {
    return schema.$ref.startsWith('#') ? { $ref: schema.$ref } : refuse(path, 'refers to another document', lowering);
  }
  if (Array.isArray(schema.enum)) return lowerEnum(schema.enum);
  if ('const' in schema) return lowerEnum([schema.const]);
  if (Array.isArray(type)) return { anyOf: type.map((one) => lower({ ...schema, type: one }, path, lowering)) };
  if (type === 'object' || isObject(schema.properties)) return lowerObject(schema, path, lowering);
  if (type === 'array') return lowerArray(schema, path, lowering);
  if (type === 'string') return lowerString(schema);
  if (type === 'number' || type === 'integer') return { type, ...pick(schema, NUMBERS) };
  if (typeof type === 'string') return { type };
  if (Array.isArray(branches)) return anyOf(branches, `${path}/anyOf`, lowering);
  if (Array.isArray(allOf) && allOf.length === 1) return lower(allOf[0], `${path}/allOf/0`, lowering);
  return refuse(path, Array.isArray(allOf) ? 'has allOf' : 'has no type', lowering);
}

function lowerEnum(values: readonly unknown[]): JsonSchema {
  const types = new Set(values.map((value) => (value === null ? 'null' : typeof value)));
  const [type = ''] = types;
  return { ...(types.size === 1 && type !== 'object' && { type }), enum: values };
}

function lowerString({ type, pattern, format }: JsonSchema): JsonSchema {
  if (FORMATS.includes(format)) return { type, format };
  return typeof pattern === 'string' && !HARD_PATTERN.test(pattern) ? { type, pattern } : { type };
}

function lowerArray(schema: JsonSchema, path: string, lowering: Lowering): JsonSchema {
  const { items, prefixItems } = schema;
  const places = prefixItems ?? (Array.isArray(items) ? items : undefined);
  if (!Array.isArray(places)) return { type: 'array', items: lower(items, `${path}/items`, lowering) };
  lowering.isExact = false;
  const rest = Array.isArray(items) ? schema.additionalItems : items;
  return { type: 'array', items: anyOf(isObject(rest) ? [...places, rest] : places, `${path}/items`, lowering) };
}

function lowerObject(schema: JsonSchema, path: string, lowering: Lowering): JsonSchema {
  const { properties, required = [], additionalProperties: others = properties === undefined } = schema;
  if (others !== false || OPEN_KEYWORDS.some((keyword) => keyword in schema)) {
    return refuse(path, 'allows properties that it does not name', lowering);
  }
  const lowered = lowerAll((properties ?? {}) as JsonSchema, `${path}/properties`, lowering);
  const names = Object.keys(lowered);
  const needed = required as readonly string[];
  if (needed.some((name) => !names.includes(name))) refuse(path, 'requires a property that it does not name', lowering);
  for (const name of names) {
    if (needed.includes(name)) continue;
    lowering.isExact = false;
    lowered[name] = orNull(lowered[name] as JsonSchema);
  }
  return { type: 'object', properties: lowered, required: names, additionalProperties: false };
}

function lowerAll(schemas: JsonSchema, path: string, lowering: Lowering): JsonSchema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, part]) => [name, lower(part, `${path}/${name}`, lowering)]),
  );
}

function anyOf(schemas: readonly unknown[], path: string, lowering: Lowering): JsonSchema {
  return { anyOf: schemas.map((part, index) => lower(part, `${path}/${index}`, lowering)) };
}

function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

function refuse(path: string, why: string, { problems }: Lowering): JsonSchema {
  problems.push(`${path} ${why}`);
  return {};
}

function pick(schema: JsonSchema, keywords: readonly string[]): JsonSchema {
  return Object.fromEntries(
    keywords.filter((keyword) => keyword in schema).map((keyword) => [keyword, schema[keyword]]),
  );
}

export function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
