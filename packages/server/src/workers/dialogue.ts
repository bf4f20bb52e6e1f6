/** What the primary and its workers say to each other: every question with its answer, as it travels. */
import type { Config } from '../config/settings.js';
import type { FaultSummary } from '../faults/faults.js';
import type { OperationResult } from '../ledger/ledger-store.js';
import type { BatchMessage } from './ledger/batch-messages.js';
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

interface Question<Body, Answer> {
  readonly body: Body;
  readonly answer: Answer;
}

/** Questions by their verbs. */
export interface Dialogue {
  /** A worker asks for a place in the limits; the ticket in it is what the permit is called from then on. */
  readonly admit: Question<AdmissionMessage, DecisionMessage>;
  /** Ticket and tokens. */
  readonly settle: Question<readonly [number, number], void>;
  /** Ticket of a request that no longer waits. */
  readonly abandon: Question<number, void>;
  readonly peek: Question<QuestionMessage, HeadroomMessage>;
  /** A worker has operations of the ledger made durable. */
  readonly apply: Question<BatchMessage, readonly OperationResult[]>;
  /** A worker is there, and asks what it is to be. */
  readonly seat: Question<undefined, Seat>;
  readonly started: Question<Started, void>;
  /** A worker cannot start, and says why. */
  readonly failed: Question<string, true>;
  /** A worker wants something of all of them. */
  readonly operate: Question<OperateCall, unknown>;
  /** The primary wants something of one worker. */
  readonly perform: Question<PerformCall, unknown>;
}

export type Verb = keyof Dialogue;

/** What answers the questions of the other side; a failure of it becomes one of whoever asked. */
export type Replies = {
  readonly [Asked in Verb]?: (
    body: Dialogue[Asked]['body'],
  ) => Dialogue[Asked]['answer'] | Promise<Dialogue[Asked]['answer']>;
};
