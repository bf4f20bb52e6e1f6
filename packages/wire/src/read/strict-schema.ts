/** Which JSON Schemas a function may have in strict mode (contract section 8.2). */
import { shorten } from '../text.js';

/** Keywords that strict mode has not, by the type that they belong to. */
const REFUSED_KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength'],
  array: ['minItems', 'maxItems'],
};

const STRING_FORMATS: readonly unknown[] = ['email', 'hostname', 'ipv4', 'ipv6', 'uuid'];

/** Keywords that hold schemas by name, those that hold one, and those that hold a list. */
const NAMED_PARTS = ['properties', '$defs', '$def', 'definitions'] as const;
const SINGLE_PARTS = ['items', 'not'] as const;
const LISTED_PARTS = ['anyOf', 'oneOf', 'allOf'] as const;

type SchemaObject = Readonly<Record<string, unknown>>;

/**
 * The first thing in a schema that strict mode does not allow, as a path from the schema on and a sentence, such as
 * `.properties.city: …`; undefined when all of it is allowed. Schemas nest no deeper than the body that they came in.
 */
export function findStrictSchemaProblem(schema: SchemaObject): string | undefined {
  return problemOf(schema) ?? problemInside(schema);
}

function problemOf(schema: SchemaObject): string | undefined {
  const { type, format, properties } = schema;
  const refused = (REFUSED_KEYWORDS[String(type)] ?? []).find((keyword) => keyword in schema);
  if (refused !== undefined) return `: ${refused} is not supported in strict mode`;
  if (type === 'string' && format !== undefined && !STRING_FORMATS.includes(format)) {
    return `: the format ${shorten(String(format))} is not supported in strict mode`;
  }
  return type === 'object' || isObject(properties) ? problemOfObject(schema) : undefined;
}

function problemOfObject({ properties, required, additionalProperties }: SchemaObject): string | undefined {
  const names = isObject(properties) ? Object.keys(properties) : [];
  const listed: readonly unknown[] = Array.isArray(required) ? required : [];
  const optional = names.find((name) => !listed.includes(name));
  if (optional !== undefined) return `: in strict mode every property must be in required, ${shorten(optional)} is not`;
  if (names.length > 0 && additionalProperties !== false) return ': strict mode needs additionalProperties = false';
  return undefined;
}

function problemInside(schema: SchemaObject): string | undefined {
  for (const [path, part] of partsOf(schema)) {
    const problem = isObject(part) ? findStrictSchemaProblem(part) : undefined;
    if (problem !== undefined) return path + problem;
  }
  return undefined;
}

/** The schemas in a schema, with their paths. */
function* partsOf(schema: SchemaObject): Generator<readonly [path: string, part: unknown]> {
  for (const keyword of NAMED_PARTS) {
    const parts = schema[keyword];
    if (isObject(parts)) for (const [name, part] of Object.entries(parts)) yield [`.${keyword}.${shorten(name)}`, part];
  }
  for (const keyword of SINGLE_PARTS) yield [`.${keyword}`, schema[keyword]];
  for (const keyword of LISTED_PARTS) {
    const parts = schema[keyword];
    if (Array.isArray(parts)) for (const [index, part] of parts.entries()) yield [`.${keyword}[${index}]`, part];
  }
}

function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
