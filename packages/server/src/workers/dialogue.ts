/** What the primary and its workers say to each other: every question with its answer, as it travels. */
import type { Config } from '../config/settings.js';
import type { FaultSummary } from '../faults/faults.js';
import type { OperationResult } from '../ledger/ledger-store.js';
import type { BatchMessage } from './ledger/operation-messages.js';
import type { AdmissionMessage, DecisionMessage, HeadroomMessage, QuestionMessage } from './limits/limit-messages.js';
import type { OperateCall, PerformCall } from './operations/calls.js';

/** What a worker is told before it starts. */
export interface Seat {
  /** Its part of the configuration (`share-config.ts`). */
  readonly config: Config;
  /** The secret of the keys in 64 hex digits, instead of the file in the data folder. */
  readonly secret: string | undefined;
  /** What operators have changed since the server started, in that order. */
  readonly changes: readonly PerformCall[];
}

/** What a worker says once it listens. */
export interface Started {
  /** `http://host:port`. */
  readonly url: string;
  readonly faults: FaultSummary;
}

/** Questions by their verbs. Where the answer is `void` nobody waits for it. */
export interface Dialogue {
  /** A worker asks for a place in the limits; the ticket in it is what the permit is called from then on. */
  readonly admit: { readonly body: AdmissionMessage; readonly answer: DecisionMessage };
  /** Ticket and tokens. */
  readonly settle: { readonly body: readonly [number, number]; readonly answer: void };
  /** Ticket of a request that no longer waits. */
  readonly abandon: { readonly body: number; readonly answer: void };
  readonly peek: { readonly body: QuestionMessage; readonly answer: HeadroomMessage };
  /** A worker has operations of the ledger made durable. */
  readonly apply: { readonly body: BatchMessage; readonly answer: readonly OperationResult[] };
  /** A worker is there, and asks what it is to be. */
  readonly seat: { readonly body: undefined; readonly answer: Seat };
  readonly started: { readonly body: Started; readonly answer: void };
  /** A worker cannot start, and says why. */
  readonly failed: { readonly body: string; readonly answer: true };
  /** A worker wants something of all of them. */
  readonly operate: { readonly body: OperateCall; readonly answer: unknown };
  /** The primary wants something of one worker. */
  readonly perform: { readonly body: PerformCall; readonly answer: unknown };
}

export type Verb = keyof Dialogue;

/** What answers the questions of the other side; a failure of it becomes one of whoever asked. */
export type Replies = {
  readonly [Asked in Verb]?: (
    body: Dialogue[Asked]['body'],
  ) => Dialogue[Asked]['answer'] | Promise<Dialogue[Asked]['answer']>;
};
