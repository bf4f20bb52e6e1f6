/** Between JSON Schema, which models read, and Standard Schema, which programs validate with. */
import { KitError } from '../errors/kit-error.js';
import type { Issue, JsonSchema, StandardSchema } from './standard-schema.js';

/** How many issues are told to a model at once. */
const ISSUES_MAX = 20;

/** The versions that are asked for, the best first. */
const TARGETS = ['draft-2020-12', 'draft-07'];

/** Says what is wrong with a value; nothing when it is right. */
export type FindIssues = (value: unknown) => readonly Issue[] | Promise<readonly Issue[]>;

/**
 * A Standard Schema out of a JSON Schema and what validates it: a function (with ajv: `(value) => check(value) ? [] :
 * check.errors`), or another Standard Schema which has no JSON Schema of its own.
 */
export function jsonSchema<Output = unknown>(
  json: JsonSchema,
  validator: FindIssues | StandardSchema<unknown, Output>,
): StandardSchema<unknown, Output> {
  const validate =
    '~standard' in validator
      ? validator['~standard'].validate
      : async (value: unknown) => {
          const issues = await validator(value);
          return issues.length > 0 ? { issues } : { value: value as Output };
        };
  return { '~standard': { version: 1, vendor: 'plumb', validate, jsonSchema: { input: () => json } } };
}

/**
 * The JSON Schema of what a schema takes in.
 *
 * @throws KitError invalid_input when it has none.
 */
export function toJsonSchema({ '~standard': standard }: StandardSchema): JsonSchema {
  let cause: unknown;
  for (const target of TARGETS) {
    try {
      const { $schema, ...json } = standard.jsonSchema?.input({ target }) ?? {};
      if (standard.jsonSchema) return json;
    } catch (error) {
      cause = error;
    }
  }
  const advice = 'Give it with jsonSchema(json, schema).';
  throw new KitError('invalid_input', `The ${standard.vendor} schema has no JSON Schema. ${advice}`, { cause });
}

/** Validates, and puts the issues into sentences for a model. */
export async function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<{ readonly value: Output } | { readonly problem: string }> {
  const validation = await schema['~standard'].validate(value);
  if (!validation.issues) return validation;
  return { problem: validation.issues.slice(0, ISSUES_MAX).map(describe).join('\n') };
}

function describe({ path = [], message }: Issue): string {
  const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return place === '' ? message : `${place}: ${message}`;
}
