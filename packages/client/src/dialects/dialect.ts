/** What the fetch layer has to know of a wire format: where the use, the end and the errors are. */
import type { ServerSentEvent } from '@plumb/wire/sse';

export type JsonObject = Record<string, unknown>;

/** An error that an endpoint wrote into a body. */
export interface WrittenError {
  readonly message: string;
  readonly type?: string;
  readonly code?: string | number;
}

/** What an event of a stream, or a whole answer, says. */
export interface AnswerFacts {
  readonly error?: WrittenError;
  /** Whether something of the answer itself is in it: text, reasoning, a call, a vector. */
  readonly hasOutput?: boolean;
  /** Why the answer ended, in the endpoint's word. */
  readonly finish?: string;
  /** Whether nothing follows that the caller waits for. */
  readonly isEnd?: boolean;
  /** Whether it carries the use of tokens and nothing else. */
  readonly isUsageOnly?: boolean;
  readonly promptTokens?: number;
  /** Tokens of the answer; with `promptTokens` all that was used. */
  readonly answerTokens?: number;
  /** What was thought before tools were called. */
  readonly reasoning?: string;
  readonly calledIds?: readonly string[];
}

export interface Dialect {
  readonly name: 'chat' | 'completions' | 'embeddings' | 'messages' | 'responses';
  /** Whether use has to be asked for in streams (`stream_options.include_usage`). */
  readonly asksForUsage: boolean;
  /** Tokens that the answer can have at most, when the request says so. */
  answerTokensMax(request: JsonObject): number | undefined;
  readAnswer(answer: JsonObject): AnswerFacts;
  readEvent(event: ServerSentEvent): AnswerFacts;
  /** The envelope of an error; `details` go beside its message. */
  writeError(error: WrittenError, details?: JsonObject): JsonObject;
  /** An error as an event of a stream. */
  writeErrorEvent(error: WrittenError): string;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object in a text, undefined when it is none. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The error of a body in any of the usual envelopes: `{error: {…}}`, `{error: "…"}`, `{type: "error", error: {…}}`. */
export function readError(body: JsonObject): WrittenError | undefined {
  const { error } = body;
  if (typeof error === 'string' && error !== '') return { message: error };
  if (!isObject(error)) return undefined;
  const { message, type, code } = error;
  return {
    message: typeof message === 'string' ? message : 'The endpoint gave no message.',
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  };
}
