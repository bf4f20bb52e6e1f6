/** What the log says of one request: filled in along its way, written once at its end. Never holds text of a prompt. */
import type { Usage } from '@plumb/wire';

export interface RequestRecord {
  account?: string;
  /** The key's id, never the key. */
  key?: string;
  model?: string;
  stream?: boolean;
  thinking?: boolean;
  /** Whether it was answered with what an earlier request of its `Idempotency-Key` was answered with. */
  replayed?: boolean;
  /** The rule whose fault was injected on purpose. */
  fault?: string;
  usage?: Usage;
  finishReason?: string;
  /** `completed`, `client_left` or `failed`. */
  outcome?: string;
  /** Waiting for a place on the engine, in ms. */
  queuedMs?: number;
  /** From the request being read to the first event of the answer, in ms. */
  firstEventMs?: number;
  /** The sentence that the caller got. */
  error?: string;
  /** What is behind an error, for the operator alone: in words, and as it was thrown. */
  detail?: string;
  cause?: unknown;
}
