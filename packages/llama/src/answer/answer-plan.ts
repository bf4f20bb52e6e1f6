/** What an answer may consist of: read from the request before anything is generated. */
import { type ChatRequest, invalidRequest, type ResponseFormat } from '@plumb/wire';
import type { CallForm } from '../calls/call-form.js';
import { readOfferedTools } from '../calls/offered-tools.js';
import { type CallsGrammarOptions, writeCallsGrammar } from '../calls/write-calls.js';
import { Grammar } from '../grammar/grammar.js';
import { ANY_OBJECT } from '../grammar/json-object.js';
import type { Node } from '../grammar/node.js';
import type { ArgumentKinds } from '../grammar/schema/argument-compiler.js';
import { isSchema, type Schema } from '../grammar/schema/schema.js';
import { compileSchema } from '../grammar/schema/schema-compiler.js';
import { Unenforceable } from '../grammar/unenforceable.js';
import { type MarkerTokens, writeGbnf } from '../grammar/write-gbnf.js';

export interface AnswerPlan {
  /** The grammar of the whole answer, reasoning apart; undefined when it begins in words. */
  readonly grammar: string | undefined;
  /** How calls are found in the answer; undefined when the model is offered no tools. */
  readonly calls: CallPlan | undefined;
}

export interface CallPlan {
  readonly form: CallForm;
  /** How the arguments of each function are to be read. */
  kindsOf(name: string): ArgumentKinds;
  /** The grammar from the end of a call's opening on, which the model was free to write or not. */
  readonly grammar: string | undefined;
}

/** Whether the answer to a request has to be of a form from its first token on. */
export function isConstrained(request: ChatRequest): boolean {
  const { callable, duty } = readOfferedTools(request);
  return (request.response_format?.type ?? 'text') !== 'text' || (callable.length > 0 && duty !== 'may call');
}

/** How a model writes calls. */
export interface CallStyle {
  readonly form: CallForm;
  /** The tokens of the form's markers. */
  readonly tokens: MarkerTokens;
}

/**
 * Plans the answer to a request.
 *
 * @throws ApiError invalid_request that names what cannot be enforced.
 */
export function planAnswer(request: ChatRequest, style: CallStyle): AnswerPlan {
  const { callable: tools, duty } = readOfferedTools(request);
  const answer = readAnswerSchema(request.response_format);
  if (tools.length === 0) {
    return { grammar: answer === undefined ? undefined : writeAnswerGrammar(answer), calls: undefined };
  }
  const mustCall = duty !== 'may call';
  const isFree = !mustCall && answer === undefined;
  const options = { ...style, tools, isParallel: duty !== 'must call once', includesOpening: !isFree };
  if (mustCall || answer === undefined) return planCalls(options, isFree);
  return planCalls({ ...options, otherwise: (grammar) => compileAnswer(grammar, answer) }, isFree);
}

/** @param isFree Whether the answer begins in words: then the grammar binds from the opening of a call on. */
function planCalls(options: CallsGrammarOptions, isFree: boolean): AnswerPlan {
  const { gbnf, kinds } = writeCallsGrammar(options);
  const calls = { form: options.form, kindsOf: (name: string) => kinds.get(name) ?? ALL_JSON };
  return isFree
    ? { grammar: undefined, calls: { ...calls, grammar: gbnf } }
    : { grammar: gbnf, calls: { ...calls, grammar: undefined } };
}

/** The arguments of forms that have JSON alone. */
const ALL_JSON: ArgumentKinds = { kindOf: () => 'json', isJson: () => true };

/** A schema, and whether all of it has to be enforced. */
interface AnswerSchema {
  readonly schema: Schema;
  readonly isStrict: boolean;
}

function readAnswerSchema(format: ResponseFormat | null | undefined): AnswerSchema | undefined {
  if (format?.type === 'json_object') return { schema: ANY_OBJECT, isStrict: true };
  if (format?.type !== 'json_schema') return undefined;
  const schema: unknown = format.json_schema?.schema;
  if (!isSchema(schema)) throw invalidRequest('response_format.json_schema.schema must be a JSON Schema');
  return { schema, isStrict: format.json_schema?.strict !== false };
}

function writeAnswerGrammar(answer: AnswerSchema): string {
  const grammar = new Grammar();
  const root = compileAnswer(grammar, answer);
  return enforce(() => writeGbnf(grammar, root));
}

function compileAnswer(grammar: Grammar, { schema, isStrict }: AnswerSchema): Node {
  return enforce(() => compileSchema(schema, { grammar, isStrict }));
}

/** Says what could not be enforced as the error of the request that it is. */
function enforce<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
    throw invalidRequest(`response_format.json_schema.schema: ${error.message}`);
  }
}
