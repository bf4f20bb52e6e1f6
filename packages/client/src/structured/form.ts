/** The form that an answer has to have: a JSON Schema whose root is an object, and what strict functions make of it. */
import { toJsonSchema } from '../schema/json-schema.js';
import type { JsonSchema, StandardSchema } from '../schema/standard-schema.js';
import { type StrictSchema, toStrictSchema } from '../schema/strict-schema.js';

export interface Form {
  /** The name of the schema, and of the function. */
  readonly name: string;
  readonly json: JsonSchema;
  readonly strict: StrictSchema;
  /** The value to validate, out of the object that the model wrote. */
  readonly unwrap: (object: unknown) => unknown;
}

const REFERENCE_INTO_VALUE = /"\$ref":"#(?!\/(?:\$defs|definitions)\/)/g;

/**
 * Reads the form out of a schema. One whose root is no object is put into an object as its `value`: neither JSON mode nor
 * functions know another root.
 *
 * @throws KitError invalid_input when the schema has no JSON Schema.
 */
export function toForm(schema: StandardSchema, name: string): Form {
  const own = toJsonSchema(schema);
  const isWrapped = own.type !== 'object';
  const json = isWrapped ? wrap(own) : own;
  const unwrap = (object: unknown) => (isWrapped ? (object as { value?: unknown } | null)?.value : object);
  return { name, json, strict: toStrictSchema(json), unwrap };
}

function wrap({ $defs, definitions, ...value }: JsonSchema): JsonSchema {
  const object = { type: 'object', properties: { value }, required: ['value'], additionalProperties: false };
  const text = JSON.stringify({ ...object, $defs, definitions });
  return JSON.parse(text.replace(REFERENCE_INTO_VALUE, '"$ref":"#/properties/value'));
}
