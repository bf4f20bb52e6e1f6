/**
 * What happened when: the run in slices of equal length. A run that turns out longer than its slices can hold gets slices
 * of twice the length, so that memory has a bound however long it goes on.
 */
import { LogHistogram } from './log-histogram.js';

export interface Slice {
  /** Requests that were sent in it. */
  sent: number;
  answered: number;
  failed: number;
  dropped: number;
  /** Answers that met the objective. */
  met: number;
  /** Events with text that came in it, and tokens of buffered answers that ended in it. */
  tokenEvents: number;
  bufferedTokens: number;
  /** The most requests that were in flight in it. */
  inFlightMax: number;
  /** Of requests that were due in it. */
  readonly ttft: LogHistogram;
  readonly e2e: LogHistogram;
}

export type SliceCount = 'sent' | 'answered' | 'failed' | 'dropped' | 'met' | 'tokenEvents' | 'bufferedTokens';

const SLICES_MAX = 1200;
const FIRST_WIDTH_MS = 1000;

export class Timeline {
  #widthMs = FIRST_WIDTH_MS;
  #slices: Slice[] = [];
  #inFlight = 0;

  /** How long a slice is, in ms. */
  get widthMs(): number {
    return this.#widthMs;
  }

  /** From the start of the run, without gaps. */
  get slices(): readonly Slice[] {
    return this.#slices;
  }

  /** @param atMs From the start of the run; so everywhere here. */
  count(atMs: number, what: SliceCount, amount = 1): void {
    this.#at(atMs)[what] += amount;
  }

  /** @param change 1 when a request is sent, -1 when it is over. */
  changeInFlight(atMs: number, change: number): void {
    const slice = this.#at(atMs);
    this.#inFlight += change;
    slice.inFlightMax = Math.max(slice.inFlightMax, this.#inFlight);
  }

  time(dueMs: number, what: 'ttft' | 'e2e', valueMs: number): void {
    this.#at(dueMs)[what].add(valueMs);
  }

  #at(atMs: number): Slice {
    while (atMs >= SLICES_MAX * this.#widthMs) this.#coarsen();
    const index = Math.max(0, Math.floor(atMs / this.#widthMs));
    while (this.#slices.length <= index) this.#slices.push(createSlice(this.#inFlight));
    return this.#slices[index]!;
  }

  #coarsen(): void {
    this.#widthMs *= 2;
    this.#slices = this.#slices.flatMap((slice, index) => {
      const next = this.#slices[index + 1];
      if (index % 2 === 1) return [];
      return [next === undefined ? slice : join(slice, next)];
    });
  }
}

function createSlice(inFlightMax: number): Slice {
  return {
    sent: 0,
    answered: 0,
    failed: 0,
    dropped: 0,
    met: 0,
    tokenEvents: 0,
    bufferedTokens: 0,
    inFlightMax,
    ttft: new LogHistogram(),
    e2e: new LogHistogram(),
  };
}

function join(one: Slice, other: Slice): Slice {
  one.ttft.merge(other.ttft);
  one.e2e.merge(other.e2e);
  return {
    ...one,
    sent: one.sent + other.sent,
    answered: one.answered + other.answered,
    failed: one.failed + other.failed,
    dropped: one.dropped + other.dropped,
    met: one.met + other.met,
    tokenEvents: one.tokenEvents + other.tokenEvents,
    bufferedTokens: one.bufferedTokens + other.bufferedTokens,
    inFlightMax: Math.max(one.inFlightMax, other.inFlightMax),
  };
}
