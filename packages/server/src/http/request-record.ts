/** What the log says of one request: filled in along its way, written once at its end. Never holds text of a prompt. */
import type { Usage } from '@plumb/wire';

export interface RequestRecord {
  account?: string | undefined;
  /** The key's id, never the key. */
  key?: string | undefined;
  model?: string | undefined;
  stream?: boolean | undefined;
  thinking?: boolean | undefined;
  /** Whether it was answered with what an earlier request of its `Idempotency-Key` was answered with. */
  replayed?: boolean | undefined;
  /** The rule whose fault was injected on purpose. */
  fault?: string | undefined;
  usage?: Usage | undefined;
  finishReason?: string | undefined;
  /** `completed`, `client_left` or `failed`. */
  outcome?: string | undefined;
  /** Waiting for a place on the engine, in ms. */
  queuedMs?: number | undefined;
  /** From the request being read to the first event of the answer, in ms. */
  firstEventMs?: number | undefined;
  /** The sentence that the caller got. */
  error?: string | undefined;
  /** What is behind an error, for the operator alone: in words, and as it was thrown. */
  detail?: string | undefined;
  cause?: unknown;
}

/** A record of which nothing is known yet. It has all fields, so that all records are the same to the machine. */
export function openRecord(): RequestRecord {
  return {
    account: undefined,
    key: undefined,
    model: undefined,
    stream: undefined,
    thinking: undefined,
    replayed: undefined,
    fault: undefined,
    usage: undefined,
    finishReason: undefined,
    outcome: undefined,
    queuedMs: undefined,
    firstEventMs: undefined,
    error: undefined,
    detail: undefined,
    cause: undefined,
  };
}
