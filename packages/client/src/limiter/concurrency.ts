/** How many requests run, and how many may: told, felt for from below, or learnt from refusals. */
import { KnownLimit } from './known-limit.js';
import type { AxisState } from './limiter.js';
import type { Verdict } from './verdict.js';

/** How many may run at first while nothing is known. */
const RUNNING_AT_FIRST = 32;
/** How much of what ran when others were refused surely has a place: some had ended, though we did not know. */
const CERTAIN = 0.8;
/** A limit that the endpoint states holds if at least this share of it was ours when it refused; else it is shared. */
const OURS_MIN = 0.75;

/**
 * Refusals come sooner than answers. So an unknown limit is doubled as often as a refusal has had time to arrive, not as
 * often as answers end, and the number of those that run when the others have been refused is the limit.
 */
export class Concurrency {
  readonly #limit: KnownLimit;
  readonly #verdict: Verdict;
  #running = 0;
  /** The limit to begin with, until something is known. */
  #felt = RUNNING_AT_FIRST;
  #feelAt = Number.NEGATIVE_INFINITY;
  #stated: number | undefined;
  /** How many ran for certain when others were refused. */
  #proven: number | undefined;

  constructor(given: number | undefined, verdict: Verdict) {
    this.#limit = new KnownLimit(given, verdict);
    this.#verdict = verdict;
  }

  get running(): number {
    return this.#running;
  }

  /** The limit as far as it is known. */
  get known(): number | undefined {
    return this.#limit.value;
  }

  /** The limit that holds for now. */
  get value(): number {
    return this.#limit.value ?? this.#felt;
  }

  /** The limit that was given; undefined when none was. */
  get told(): number | undefined {
    return this.#limit.told;
  }

  /** How many were certain to have a place when a request was sent. */
  certain(sentAt: number): number {
    if (this.told !== undefined) return this.told;
    return this.#proven !== undefined && sentAt >= this.#limit.cutAt ? this.#proven * CERTAIN : 0;
  }

  get origin(): AxisState['origin'] {
    return this.#limit.origin === 'learnt' && this.#limit.value === this.#stated ? 'header' : this.#limit.origin;
  }

  /** When one more is tried without an answer that ends before; Infinity when it takes an answer. */
  get raiseAt(): number {
    return this.#limit.value === undefined ? this.#feelAt : this.#limit.raiseAt;
  }

  begin(): void {
    this.#running += 1;
  }

  end(): void {
    this.#running -= 1;
  }

  /** Somebody is held up by the limit: a guess is tried again, if it is time. */
  raise(now: number): void {
    this.#limit.raise(now);
    if (this.#limit.value !== undefined || now < this.#feelAt) return;
    if (this.#feelAt !== Number.NEGATIVE_INFINITY) this.#felt *= 2;
    this.#feelAt = now + this.#verdict.ms;
  }

  /**
   * A request that is not counted any more was refused, maybe with the number of the limit. Returns whether that leaves
   * something to wait for besides the end of an answer.
   */
  refused(sentAt: number, stated: number | undefined, now: number): boolean {
    const ours = Math.max(1, this.#running);
    // What was sent before the limit was known had all of the others beside it, whatever has ended since.
    const isOurs = stated !== undefined && (sentAt < this.#limit.cutAt || ours >= OURS_MIN * stated);
    const isNews = sentAt >= this.#limit.cutAt;
    this.#stated = stated;
    this.#limit.learn(isOurs ? stated : ours, now);
    this.#proven = this.#limit.value;
    return isNews && this.#running < this.value;
  }
}
