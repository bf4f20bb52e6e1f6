/**
 * Reads answers as they come and notes what a load is about: tokens, usage, how they end. Events of a stream are looked
 * through as texts; only those with usage or an error are parsed, so that reading takes little time from measuring.
 */
import { EventDecoder } from '@plumb/wire/sse';
import type { Failure, FailureKind, TokenUsage } from './sample.js';

export interface AnswerReader {
  /** Takes the next bytes of the body; returns how many events with text they complete. @throws RangeError when too large. */
  push(bytes: Uint8Array): number;
  /** What was wrong with the answer, now that its body is whole; undefined when it is a good one. */
  end(): Failure | undefined;
  /** Whether the answer says that it is complete; what follows is no part of it. */
  readonly isComplete: boolean;
  readonly usage: TokenUsage | undefined;
}

/** The most bytes of a buffered answer, or of one event. */
export const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** How much is kept of what an endpoint says about an error, in characters. */
const REASON_CHARACTERS_MAX = 200;

/** A text that is not empty, in a place where answers have theirs. Quotes inside of texts are escaped, so nothing else fits. */
const TOKEN = /"(?:content|reasoning_content|reasoning|text|arguments|name|refusal)"\s*:\s*"(?!")/;
const FINISHED = /"finish_reason"\s*:\s*"/;
const USED = /"usage"\s*:\s*\{/;
const FAILED = /^\s*\{\s*"error"\s*:\s*[{"]/;

export class StreamReader implements AnswerReader {
  usage: TokenUsage | undefined;
  isComplete = false;
  readonly #decoder = new EventDecoder(ANSWER_BYTES_MAX);
  #isFinished = false;
  #events = 0;
  #failure: Failure | undefined;

  push(bytes: Uint8Array): number {
    let tokens = 0;
    for (const { data } of this.#decoder.push(bytes)) {
      this.#events += 1;
      if (data === '[DONE]') this.isComplete = true;
      else if (this.#read(data)) tokens += 1;
    }
    return tokens;
  }

  end(): Failure | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const isWhole = this.#decoder.end();
    if (this.#isFinished) return undefined;
    if (!isWhole) return failure('cut_stream', 'The stream ended in the middle of an event.');
    if (this.isComplete) return failure('no_finish_reason', 'The stream ended without a finish_reason.');
    if (this.#events === 0) return failure('invalid_answer', 'The answer has no event.');
    return failure('cut_stream', 'The stream ended without a finish_reason and without [DONE].');
  }

  /** Whether an event has text. */
  #read(data: string): boolean {
    if (FAILED.test(data)) this.#failure ??= failure('error_in_answer', readReason(data));
    if (FINISHED.test(data)) this.#isFinished = true;
    if (USED.test(data)) this.usage = readUsage(parseRecord(data)) ?? this.usage;
    return TOKEN.test(data);
  }
}

export class BodyReader implements AnswerReader {
  usage: TokenUsage | undefined;
  readonly isComplete = false;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  push(bytes: Uint8Array): number {
    this.#bytes += bytes.length;
    if (this.#bytes > ANSWER_BYTES_MAX) throw new RangeError(`An answer is larger than ${ANSWER_BYTES_MAX} bytes.`);
    this.#pieces.push(bytes);
    return 0;
  }

  end(): Failure | undefined {
    const text = this.text();
    const body = parseRecord(text);
    if (body === undefined) return failure('invalid_answer', `The answer is no JSON object: ${text.slice(0, 60)}`);
    if (body.error !== undefined && body.error !== null) return failure('error_in_answer', readReason(text));
    this.usage = readUsage(body);
    const choices = Array.isArray(body.choices) ? (body.choices as readonly { finish_reason?: unknown }[]) : [];
    if (choices.length === 0) return failure('invalid_answer', 'The answer has no choices.');
    const isFinished = choices.every((choice) => typeof choice?.finish_reason === 'string');
    return isFinished ? undefined : failure('no_finish_reason', 'The answer has no finish_reason.');
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString();
  }
}

export function failure(kind: FailureKind, reason: string, more: Omit<Failure, 'kind' | 'reason'> = {}): Failure {
  return { kind, reason: reason.slice(0, REASON_CHARACTERS_MAX), ...more };
}

/** What the body of an error says. */
export function readReason(text: string): string {
  const error = parseRecord(text)?.error;
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : text.trim().slice(0, REASON_CHARACTERS_MAX);
}

function readUsage(body: Record<string, unknown> | undefined): TokenUsage | undefined {
  const usage = body?.usage as
    | {
        prompt_tokens?: unknown;
        completion_tokens?: unknown;
        prompt_cache_hit_tokens?: unknown;
        prompt_tokens_details?: unknown;
      }
    | null
    | undefined;
  if (usage === null || typeof usage !== 'object') return undefined;
  const details = (usage.prompt_tokens_details ?? {}) as { readonly cached_tokens?: unknown };
  return {
    prompt: readCount(usage.prompt_tokens),
    cached: readCount(usage.prompt_cache_hit_tokens ?? details.cached_tokens),
    answer: readCount(usage.completion_tokens),
  };
}

function readCount(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
