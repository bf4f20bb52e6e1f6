/** What is known about one limit: what the user said, what the endpoint said, and what refusals taught. */
import type { AxisState } from './limiter.js';
import type { Verdict } from './verdict.js';
import { WINDOW_MS } from './window.js';

/** How long a learnt limit is believed at first, in ms; twice as long each time that it turns out to be right, up to a window. */
const PAUSE_MS = 2000;
/** The longest that it is believed while others seem to use most of it, in ms: they may end at any time. */
const PAUSE_SHARED_MAX_MS = 8000;
/** Whoever gets less than this share of a limit that he was told shares it. */
const OURS_MIN = 0.9;
/** A learnt limit below half of this is always suspected to be a part of one that is shared. */
const SMALL = 10;

/**
 * A learnt limit is tried again from below: by one step, then by two, by four, each after as long as a refusal takes to
 * arrive. So a limit that has risen a hundredfold is found in two seconds, and one that has not costs one refusal.
 */
export class KnownLimit {
  readonly #given: number | undefined;
  readonly #verdict: Verdict;
  readonly #unit: (limit: number) => number;
  #stated: number | undefined;
  #learnt: number | undefined;
  /** The most that was ever admitted since the limits were unknown. */
  #best = 0;
  #raiseAt = Number.POSITIVE_INFINITY;
  #step = 1;
  #pauseMs = PAUSE_MS;
  #cutAt = Number.NEGATIVE_INFINITY;

  /** @param unit The first step of a limit that is tried again. */
  constructor(given: number | undefined, verdict: Verdict, unit: (limit: number) => number = () => 1) {
    this.#given = given;
    this.#verdict = verdict;
    this.#unit = unit;
  }

  /** The limit that holds; undefined while it is unknown. */
  get value(): number | undefined {
    return least(this.told, this.#learnt);
  }

  /** What refusals taught: how much of the limit is ours. */
  get learnt(): number | undefined {
    return this.#learnt;
  }

  /** What the user and the endpoint say. */
  get told(): number | undefined {
    return least(this.#given, this.#stated);
  }

  get origin(): AxisState['origin'] {
    const { value } = this;
    if (value === undefined) return 'unknown';
    if (value === this.#given) return 'given';
    return value === this.#stated ? 'header' : 'learnt';
  }

  /** When a learnt limit is tried again, in ms since the epoch; Infinity for one that is not learnt. */
  get raiseAt(): number {
    return this.#raiseAt;
  }

  /** Whether something that was sent at a time went beyond what was known to be admitted. */
  isTrying(sentAt: number): boolean {
    return this.#learnt !== undefined && this.#step > this.#stepFrom(this.#learnt) && sentAt >= this.#cutAt;
  }

  /** When it was last lowered. */
  get cutAt(): number {
    return this.#cutAt;
  }

  /** The endpoint says what the limit is. */
  state(limit: number): void {
    if (Number.isFinite(limit) && limit >= 0) this.#stated = limit;
  }

  /**
   * A refusal shows that no more than this is to be had now.
   *
   * @param retryAfterMs When there is more, as far as the endpoint says so.
   */
  learn(limit: number, now: number, retryAfterMs?: number): void {
    const value = Math.max(1, least(limit, this.#learnt) ?? limit);
    this.#best = Math.max(this.#best, value);
    // It was raised more than once before it was refused: the limit moves.
    if (this.#step > 2 * this.#stepFrom(value)) this.#pauseMs = PAUSE_MS;
    if (now >= this.#cutAt + this.#verdict.ms) {
      this.#raiseAt = now + (retryAfterMs ?? this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#isShared(value) ? PAUSE_SHARED_MAX_MS : WINDOW_MS);
    }
    this.#learnt = value;
    this.#step = this.#stepFrom(value);
    this.#cutAt = now;
  }

  /** Whether others seem to use most of the limit. */
  #isShared(value: number): boolean {
    return value < Math.max(this.#best / 2, this.#finiteTold * OURS_MIN, SMALL / 2);
  }

  #stepFrom(value: number): number {
    return this.#unit(Math.max(value, this.#finiteTold));
  }

  get #finiteTold(): number {
    const { told = 0 } = this;
    return Number.isFinite(told) ? told : 0;
  }

  /** An estimate that was learnt turns out to be wrong by an amount, which is known by now. */
  amend(difference: number): void {
    if (this.#learnt !== undefined) this.#learnt = Math.max(1, this.#learnt + difference);
  }

  /** Tries the learnt limit again from below, if it is time; whoever asks is held up by it. */
  raise(now: number): void {
    if (this.#learnt === undefined || now < this.#raiseAt) return;
    this.#learnt += this.#step;
    this.#step *= 2;
    this.#raiseAt = now + this.#verdict.ms;
    if (this.told !== undefined && this.#learnt >= this.told) this.forget();
  }

  /** What was learnt is wrong. */
  forget(): void {
    this.#learnt = undefined;
    this.#raiseAt = Number.POSITIVE_INFINITY;
  }
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.min(one, other);
}
