/** Writes JSON that a request asks for: values of a schema, and arguments of functions. */
import { compileSchema, Grammar, isSchema, type Schema, Unenforceable } from '@plumb/llama/grammar';
import { type ChatRequest, type FunctionDefinition, invalidRequest } from '@plumb/wire';
import { loremSentence } from './lorem.js';
import type { SeededRandom } from './random.js';
import { sampleGrammar } from './sample-grammar.js';

/** What a request asks the answer to be. */
export type AnswerShape = { readonly kind: 'text' } | { readonly kind: 'object' } | SchemaShape;

interface SchemaShape {
  readonly kind: 'schema';
  readonly schema: Schema;
  readonly isStrict: boolean;
}

/** Throws an ApiError 400 when there is no schema where one has to be. */
export function readShape({ response_format: format }: ChatRequest): AnswerShape {
  if (format?.type === 'json_object') return { kind: 'object' };
  if (format?.type !== 'json_schema') return { kind: 'text' };
  const schema: unknown = format.json_schema?.schema;
  if (!isSchema(schema)) throw invalidRequest('response_format.json_schema.schema must be a JSON Schema');
  return { kind: 'schema', schema, isStrict: format.json_schema?.strict !== false };
}

/** An answer of a shape; undefined for text. Throws an ApiError 400 for a schema that no value can be written for. */
export function writeShape(shape: AnswerShape, random: SeededRandom): string | undefined {
  if (shape.kind === 'text') return undefined;
  if (shape.kind === 'object') return JSON.stringify({ answer: loremSentence(random) });
  return writeValue(shape.schema, shape.isStrict, 'response_format.json_schema.schema', random);
}

/** The arguments of a call. Throws an ApiError 400 like `writeShape`. */
export function writeArguments({ name, parameters, strict }: FunctionDefinition, random: SeededRandom): string {
  if (parameters === null || parameters === undefined) return '{}';
  const schema = { type: 'object', ...parameters };
  return writeValue(schema, strict === true, `tools: the parameters of \`${name}\``, random);
}

function writeValue(schema: Schema, isStrict: boolean, place: string, random: SeededRandom): string {
  try {
    const grammar = new Grammar();
    const text = sampleGrammar(grammar, compileSchema(schema, { grammar, isStrict }), random);
    if (text === undefined) throw new Unenforceable('allows no value at all');
    // The white space of the grammar says nothing.
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    if (error instanceof Unenforceable) throw invalidRequest(`${place}: ${error.message}`);
    throw error;
  }
}
