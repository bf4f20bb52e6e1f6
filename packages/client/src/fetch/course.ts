/** One request on its way through any number of attempts: what was tried, what is left of its time. */
import type { Attempt } from '../errors/kit-error.js';
import { scrub } from '../errors/scrub.js';
import type { Clock } from '../time/clock.js';
import type { Failure } from './failure.js';

/** Refusals for limits can be many; of more attempts than this the ones in the middle are dropped. */
const ATTEMPTS_KEPT_MAX = 40;

export class Course {
  /** When the request came, in ms since the epoch. */
  readonly since: number;
  readonly deadline: number;
  readonly attempts: Attempt[] = [];
  /** The failures that count: those of the endpoint, not its refusals for limits. */
  failures = 0;
  /** Whether a broken idle connection was made up for already. */
  hasReset = false;
  lastFailure: Failure | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.since = clock.now();
    this.deadline = this.since + deadlineMs;
  }

  note(startedAt: number, failure: Failure): Attempt {
    const { wireStatus, requestId, error } = failure;
    const attempt: Attempt = {
      startedAt: Math.round(startedAt),
      durationMs: Math.round(this.#clock.now() - startedAt),
      ...(wireStatus === undefined ? {} : { status: wireStatus }),
      ...(requestId === undefined ? {} : { requestId }),
      reason: scrub(error.message),
    };
    this.lastFailure = failure;
    this.attempts.push(attempt);
    if (this.attempts.length > ATTEMPTS_KEPT_MAX) this.attempts.splice(ATTEMPTS_KEPT_MAX / 2, 1);
    return attempt;
  }
}
