/** The grammar of calls: the name of a declared function, and arguments by its schema. */
import { type FunctionDefinition, invalidRequest } from '@plumb/wire';
import { Grammar } from '../grammar/grammar.js';
import { ANY_OBJECT } from '../grammar/json-object.js';
import { PARALLEL_CALLS_MAX } from '../grammar/limits.js';
import { choice, EMPTY, type Node, repeat, sequence, text } from '../grammar/node.js';
import { type ArgumentKinds, type ArgumentLayout, compileArguments } from '../grammar/schema/argument-compiler.js';
import type { Schema } from '../grammar/schema/schema.js';
import { compileSchema } from '../grammar/schema/schema-compiler.js';
import { Unenforceable } from '../grammar/unenforceable.js';
import { type MarkerTokens, writeGbnf } from '../grammar/write-gbnf.js';
import type { ArgumentTags, CallForm } from './call-form.js';
import { type Markup, markupNode, writeMarkup } from './markup.js';
import { NO_PARAMETERS } from './offered-tools.js';

export interface CallsGrammarOptions {
  readonly tools: readonly FunctionDefinition[];
  readonly form: CallForm;
  /** The tokens of the form's markers. */
  readonly tokens: MarkerTokens;
  /** Whether there may be several calls, where the form has room for them. */
  readonly isParallel: boolean;
  /** Whether the opening of the first call is part of the text; otherwise it has been written already. */
  readonly includesOpening: boolean;
  /** What may be written instead of calls. */
  readonly otherwise?: (grammar: Grammar) => Node;
}

/** A grammar of calls, and how what it lets through is to be read. */
export interface CallsGrammar {
  readonly gbnf: string;
  /** How the arguments of each function are written; empty where all of them are JSON. */
  readonly kinds: ReadonlyMap<string, ArgumentKinds>;
}

/**
 * Writes the grammar of one call or more. Of a function that is not `strict`, what cannot be enforced of its schema is
 * left out.
 *
 * @throws ApiError invalid_request for a strict function whose schema cannot be enforced.
 */
export function writeCallsGrammar(options: CallsGrammarOptions): CallsGrammar {
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

/** The arguments of one function. */
interface CompiledFunction {
  readonly node: Node;
  readonly kinds?: ArgumentKinds;
}

/** @param isAnything Whether functions that are not strict take any object. */
function write({ tools, otherwise, ...options }: CallsGrammarOptions, isAnything: boolean): CallsGrammar {
  const grammar = new Grammar();
  const kinds = new Map<string, ArgumentKinds>();
  const { afterName } = options.form;
  const functions = tools.map((tool, place) => {
    const compiled = compileFunction(grammar, tool, place, options.form, isAnything && tool.strict !== true);
    if (compiled.kinds !== undefined) kinds.set(tool.name, compiled.kinds);
    return sequence(text(tool.name), markupNode(grammar, afterName), compiled.node);
  });
  const all = writeAll(grammar, grammar.define(choice(...functions)), options);
  const root = otherwise === undefined ? all : choice(all, otherwise(grammar));
  return { gbnf: writeGbnf(grammar, root, options.tokens), kinds };
}

function compileFunction(
  grammar: Grammar,
  tool: FunctionDefinition,
  place: number,
  { argumentTags }: CallForm,
  isAnything: boolean,
): CompiledFunction {
  const isStrict = tool.strict === true;
  const compile = (schema: Schema): CompiledFunction => {
    if (argumentTags === undefined) return { node: compileSchema(schema, { grammar, isStrict }) };
    const compiled = compileArguments(schema, { grammar, isStrict }, layoutOf(grammar, argumentTags));
    return { node: compiled.node, kinds: compiled };
  };
  try {
    return compile(isAnything ? ANY_OBJECT : { ...(tool.parameters ?? NO_PARAMETERS), type: 'object' });
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
    if (isStrict) throw invalidRequest(`tools.${place}.function.parameters: ${error.message}`);
    return compile(ANY_OBJECT);
  }
}

function layoutOf(grammar: Grammar, tags: ArgumentTags): ArgumentLayout {
  const { opening, beforeText, beforeJson, afterValue, closing, after } = tags;
  const node = (markup: Markup) => markupNode(grammar, markup);
  return {
    write: (name, value, isText) =>
      sequence(
        node(opening),
        name,
        node(isText ? beforeText : beforeJson),
        value,
        node([afterValue, ...closing, ...after]),
      ),
    textEnd: writeMarkup(closing),
    tellsKind: writeMarkup(beforeText) !== writeMarkup(beforeJson),
  };
}

/** @param call Names with their arguments. */
function writeAll(
  grammar: Grammar,
  call: Node,
  { form, isParallel, includesOpening }: Pick<CallsGrammarOptions, 'form' | 'isParallel' | 'includesOpening'>,
): Node {
  const node = (markup: Markup) => markupNode(grammar, markup);
  const rest = grammar.define(sequence(call, node(form.afterArguments)));
  const { beforeNext } = form;
  const hasMore = isParallel && beforeNext !== undefined;
  const more = hasMore ? repeat(grammar.define(sequence(node(beforeNext), rest)), 0, PARALLEL_CALLS_MAX - 1) : EMPTY;
  const opening = includesOpening ? node(form.opening) : EMPTY;
  return sequence(opening, node(form.beforeName), rest, more, node(form.closing));
}
