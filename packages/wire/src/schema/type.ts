/**
 * Makes the schemas of every body and setting: plain JSON Schema with the types of TypeBox. What TypeBox would make them
 * with is a language of 370 files, which a start would wait for and a server keep; this is the part of it that is used,
 * under its names.
 */
import type Library from 'typebox';
import type { TProperties, TSchema } from 'typebox';

type Builder = Pick<
  typeof Library,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Tuple'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'
>;

/** What TypeBox itself knows its schemas by; neither is enumerable, so that they are no part of the JSON Schema. */
const KIND = '~kind';
const OPTIONAL = '~optional';

type Schema = Readonly<Record<string, unknown>>;
type Options = Schema | undefined;

const builder = {
  Array: (items: TSchema, options: Options) => create('Array', { type: 'array', items }, options),
  Boolean: (options: Options) => create('Boolean', { type: 'boolean' }, options),
  Enum: (values: readonly unknown[], options: Options) => create('Enum', { enum: values }, options),
  Integer: (options: Options) => create('Integer', { type: 'integer' }, options),
  Literal: (value: unknown, options: Options) => create('Literal', { type: typeof value, const: value }, options),
  Null: (options: Options) => create('Null', { type: 'null' }, options),
  Number: (options: Options) => create('Number', { type: 'number' }, options),
  Object: createObject,
  Optional: (schema: Schema) => hide(hide({ ...schema }, KIND, schema[KIND]), OPTIONAL, true),
  Record: createRecord,
  String: (options: Options) => create('String', { type: 'string' }, options),
  Tuple: createTuple,
  Union: (anyOf: readonly TSchema[], options: Options) => create('Union', { anyOf }, options),
  Unknown: (options: Options) => create('Unknown', {}, options),
  Unsafe: (schema: Schema) => schema,
};

function createObject(properties: TProperties, options: Options): Schema {
  const required = Object.keys(properties).filter((key) => !Object.hasOwn(properties[key]!, OPTIONAL));
  return create('Object', { type: 'object', ...(required.length > 0 && { required }), properties }, options);
}

/** Keys are texts; the pattern of their schema, if there is one, is that of the keys. */
function createRecord({ pattern = '^.*$' }: Schema, value: TSchema, options: Options): Schema {
  return create('Record', { type: 'object', patternProperties: { [String(pattern)]: value } }, options);
}

function createTuple(items: readonly TSchema[], options: Options): Schema {
  return create('Tuple', { type: 'array', additionalItems: false, items, minItems: items.length }, options);
}

function create(kind: string, schema: Schema, options: Options): Schema {
  return hide({ ...schema, ...options }, KIND, kind);
}

function hide(schema: Schema, name: string, value: unknown): Schema {
  return Object.defineProperty(schema, name, { value });
}

/** Functions that make schemas, named and typed as those of TypeBox. `Record` takes texts as keys, `Enum` a list. */
export const Type = builder as unknown as Builder;
