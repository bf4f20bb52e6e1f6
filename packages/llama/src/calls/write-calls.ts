/** The grammar of calls: the name of a declared function, and arguments by its schema. */
import { type FunctionDefinition, invalidRequest } from '@plumb/wire';
import { Grammar } from '../grammar/grammar.js';
import { ANY_OBJECT } from '../grammar/json-object.js';
import { choice, EMPTY, type Node, optional, repeat, sequence, text } from '../grammar/node.js';
import { compileSchema } from '../grammar/schema/schema-compiler.js';
import { Unenforceable } from '../grammar/unenforceable.js';
import { COLON, whiteSpace } from '../grammar/write/white-space.js';
import { writeGbnf } from '../grammar/write-gbnf.js';
import type { CallFormat } from './call-format.js';
import { NO_PARAMETERS } from './offered-tools.js';

export interface CallsGrammarOptions {
  readonly tools: readonly FunctionDefinition[];
  readonly format: CallFormat;
  /** Whether the opening of the first call is part of the text; otherwise it has been written already. */
  readonly includesOpening: boolean;
  /** The most calls. */
  readonly callsMax: number;
  /** What may be written instead of calls. */
  readonly otherwise?: (grammar: Grammar) => Node;
}

/**
 * Writes the grammar of one call or more. Of a function that is not `strict`, what cannot be enforced of its schema is
 * left out.
 *
 * @throws ApiError invalid_request for a strict function whose schema cannot be enforced.
 */
export function writeCallsGrammar(options: CallsGrammarOptions): string {
  try {
    return write(options, false);
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
  }
  try {
    return write(options, true);
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
    throw invalidRequest(`tools: the schemas together: ${error.message}`);
  }
}

/** @param isAnything Whether functions that are not strict take any object. */
function write(options: CallsGrammarOptions, isAnything: boolean): string {
  const { tools, format, includesOpening, callsMax, otherwise } = options;
  const grammar = new Grammar();
  const calls = tools.map((tool, place) => ({
    name: tool.name,
    given: writeArguments(grammar, tool, place, isAnything && tool.strict !== true),
  }));
  const body = writeBody(grammar, calls, format);
  const opening = text(format.opening);
  const between = sequence(optional(text('\n')), opening);
  const more = format.isMarked ? repeat(grammar.define(sequence(between, body)), 0, callsMax - 1) : EMPTY;
  const all = sequence(includesOpening ? opening : EMPTY, body, more);
  return writeGbnf(grammar, otherwise === undefined ? all : choice(all, otherwise(grammar)));
}

function writeArguments(grammar: Grammar, tool: FunctionDefinition, place: number, isAnything: boolean): Node {
  const isStrict = tool.strict === true;
  const schema = isAnything ? ANY_OBJECT : { ...(tool.parameters ?? NO_PARAMETERS), type: 'object' };
  try {
    return compileSchema(schema, { grammar, isStrict });
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
    if (isStrict) throw invalidRequest(`tools.${place}.function.parameters: ${error.message}`);
    return compileSchema(ANY_OBJECT, { grammar, isStrict });
  }
}

/** Everything of a call after its opening. */
function writeBody(
  grammar: Grammar,
  calls: readonly { readonly name: string; readonly given: Node }[],
  { opening, objectAt, closing, argumentsKey }: CallFormat,
): Node {
  const space = whiteSpace(grammar);
  const comma = sequence(text(','), space);
  const isOpen = objectAt < opening.length;
  const beginning = isOpen ? EMPTY : sequence(space, text('{'), space, text('"name"'), COLON, text('"'));
  const functions = calls.map(({ name, given }) =>
    sequence(text(`${name}"`), comma, text(`"${argumentsKey}"`), COLON, given),
  );
  const end = sequence(space, text('}'), closing === '' ? EMPTY : sequence(space, text(closing)));
  return grammar.define(sequence(beginning, grammar.define(choice(...functions)), end));
}
