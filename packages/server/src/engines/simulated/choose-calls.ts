/** Decides which functions an answer calls. */
import { type ChatRequest, type FunctionDefinition, type Message, textOf } from '@plumb/wire';
import type { SeededRandom } from './random.js';
import { writeArguments } from './write-json.js';

/** One call of an answer. */
export interface PlannedCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/**
 * The calls of an answer, in order; none where it consists of words. With `auto` the last message decides: the answer to
 * a result of a tool is words, so that a loop of calls comes to an end. Called are the functions that the last message of
 * the user names, or one of those that are offered. Throws an ApiError 400 when no arguments can be written.
 */
export function chooseCalls(request: ChatRequest, random: SeededRandom): PlannedCall[] {
  const functions = chooseFunctions(request, random);
  return functions.map((definition, index) => ({
    id: createCallId(index, random),
    name: definition.name,
    arguments: writeArguments(definition, random),
  }));
}

function chooseFunctions({ tools, tool_choice: choice, messages }: ChatRequest, random: SeededRandom) {
  const offered = (tools ?? []).map((tool) => tool.function);
  if (offered.length === 0 || choice === 'none') return [];
  if (typeof choice === 'object' && choice !== null) {
    return offered.filter(({ name }) => name === choice.function.name);
  }
  if (choice !== 'required' && messages.at(-1)?.role !== 'user') return [];
  const named = findNamed(offered, lastUserText(messages));
  return named.length > 0 ? named : [random.pick(offered)];
}

/** The functions whose names stand in a text, in the order of the request. */
function findNamed(offered: readonly FunctionDefinition[], text: string): FunctionDefinition[] {
  const words = new Set(text.match(/[\w-]+/g) ?? []);
  return offered.filter(({ name }) => words.has(name));
}

/** What the user said last; empty when nothing was. */
export function lastUserText(messages: readonly Message[]): string {
  return textOf(messages.findLast(({ role }) => role === 'user')?.content);
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 24;

/** `call_`, the place of the call in two digits, and 24 letters and digits (contract section 3.1). */
export function createCallId(index: number, random: SeededRandom): string {
  const letters = Array.from({ length: ID_LENGTH }, () => ID_LETTERS[random.integer(0, ID_LETTERS.length - 1)]);
  return `call_${String(index).padStart(2, '0')}_${letters.join('')}`;
}
