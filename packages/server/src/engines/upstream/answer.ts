/** What an upstream generation makes of the bytes of an answer with status 200: a chat's, or a list of embeddings. */

import type { Usage } from '@plumb/wire';
import type { GenerationEnd } from '../engine.js';
import type { UpstreamFailure } from './failure.js';

export interface UpstreamAnswer {
  /** Whether reasoning was asked for. */
  readonly thinking: boolean;
  /** Whether the engine has said that nothing follows. */
  readonly isDone: boolean;
  /** Events that have come. */
  readonly events: number;
  /** Whether the engine has produced anything of the answer. */
  readonly hasOutput: boolean;
  /** Whether the answer is complete. */
  readonly isFinished: boolean;
  /** Takes the next bytes. Returns what went wrong; nothing more is to be pushed then. */
  push(bytes: Buffer): UpstreamFailure | undefined;
  /** The body has ended. Returns what is wrong with the answer, if it is not complete. */
  end(): UpstreamFailure | undefined;
  /** Ends a complete answer, of which nothing is left to `take`: with its last events. */
  conclude(): GenerationEnd;
  /** What it has cost so far. */
  usage(): Usage;
  /** Our events that have become ready, once; no bytes where something has come that is kept for the end. */
  take(): Buffer | undefined;
}
