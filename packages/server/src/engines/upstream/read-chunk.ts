/** What one chunk of any dialect says. A whole answer is read as a chunk that says everything. */
import type { FinishReason, Logprobs } from '@plumb/wire';
import { asText, isRecord } from './json.js';
import { readLogprobs, readTextLogprobs } from './read-logprobs.js';
import { readUsage, type UpstreamUsage } from './read-usage.js';

/** A piece of a tool call as an engine sends it; an empty text is a field that is missing. */
export interface ToolCallPiece {
  /** Its place among the calls, when the engine says it. */
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** An engine's own word for a generation that it could not go on with. */
export const FINISH_ERROR = 'error';

export interface ChunkContent {
  readonly fingerprint: string | undefined;
  readonly reasoning: string;
  readonly content: string;
  readonly toolCalls: readonly ToolCallPiece[];
  readonly logprobs: Logprobs | null;
  readonly finishReason: FinishReason | typeof FINISH_ERROR | undefined;
  readonly usage: UpstreamUsage | undefined;
}

/** A chunk that says nothing. */
export const NOTHING_SAID: ChunkContent = {
  fingerprint: undefined,
  reasoning: '',
  content: '',
  toolCalls: [],
  logprobs: null,
  finishReason: undefined,
  usage: undefined,
};

/** Reads a chunk or a whole answer. Undefined when it is neither: it has no list of choices and no usage. */
export function readChunk(value: unknown, reasoningFields: readonly string[]): ChunkContent | undefined {
  if (!isRecord(value)) return undefined;
  const usage = readUsage(value.usage);
  if (!Array.isArray(value.choices) && usage === undefined) return undefined;
  const choice = firstChoice(value.choices);
  const delta = deltaOf(choice);
  const reasoning = firstText(delta, reasoningFields);
  const content = asText(delta.content) ?? '';
  return {
    fingerprint: asText(value.system_fingerprint),
    reasoning,
    content,
    toolCalls: Array.isArray(delta.tool_calls)
      ? delta.tool_calls.filter(isRecord).map(readToolCall)
      : NOTHING_SAID.toolCalls,
    logprobs: readTextLogprobs(choice.logprobs) ?? readLogprobs(choice.logprobs, reasoning !== '' && content === ''),
    finishReason: readFinishReason(choice.finish_reason),
    usage,
  };
}

function firstText(delta: Record<string, unknown>, fields: readonly string[]): string {
  for (const field of fields) {
    const text = asText(delta[field]);
    if (text !== undefined) return text;
  }
  return '';
}

/** The choice that is the answer: there is only one, and its index, when there is one, is 0. */
function firstChoice(choices: unknown): Record<string, unknown> {
  if (!Array.isArray(choices)) return {};
  for (const choice of choices) if (isRecord(choice) && (choice.index ?? 0) === 0) return choice;
  return {};
}

/** Of a text that is continued there is the text alone. */
function deltaOf({ delta, message, text }: Record<string, unknown>): Record<string, unknown> {
  if (isRecord(delta)) return delta;
  return isRecord(message) ? message : { content: text };
}

function readToolCall({ index, id, function: called }: Record<string, unknown>): ToolCallPiece {
  const { name, arguments: text } = isRecord(called) ? called : {};
  return {
    index: Number.isInteger(index) ? (index as number) : undefined,
    id: asText(id) ?? '',
    name: asText(name) ?? '',
    arguments: isRecord(text) ? JSON.stringify(text) : (asText(text) ?? ''),
  };
}

/** Other engines' words for why a generation ended, as those of the contract. */
const FINISH_REASONS: Readonly<Record<string, FinishReason | typeof FINISH_ERROR>> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content_filter',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  insufficient_system_resource: 'insufficient_system_resource',
  aborted: 'aborted',
  abort: 'aborted',
  error: FINISH_ERROR,
};

/** A word that nobody knows still means that the answer is complete. */
export function readFinishReason(reason: unknown): ChunkContent['finishReason'] {
  const word = asText(reason);
  if (word === undefined) return undefined;
  return Object.hasOwn(FINISH_REASONS, word) ? FINISH_REASONS[word] : 'stop';
}
