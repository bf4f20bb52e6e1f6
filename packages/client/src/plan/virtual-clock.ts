/** A clock that jumps from one thing that is due to the next: an hour of simulation takes a moment. */
import { Heap, type Placed } from '../limiter/heap.js';
import type { Clock } from '../time/clock.js';

interface Call extends Placed {
  readonly at: number;
  readonly number: number;
  readonly call: () => void;
  isDue: boolean;
}

export class VirtualClock implements Clock {
  #now: number;
  #calls = 0;
  readonly #due = new Heap<Call>(
    (one, other) => one.at < other.at || (one.at === other.at && one.number < other.number),
  );

  /** @param now The time to begin with, in ms since the epoch. */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    const due = { at: this.#now + Math.max(0, delayMs), number: this.#calls++, call, place: 0, isDue: true };
    this.#due.add(due);
    return () => {
      if (due.isDue) this.#take(due);
    };
  }

  /** When the next thing is due; undefined when nothing is. */
  get nextAt(): number | undefined {
    return this.#due.first?.at;
  }

  /** Goes to the next thing that is due and does it; false when nothing is. */
  step(): boolean {
    const next = this.#due.first;
    if (next === undefined) return false;
    this.#take(next);
    this.#now = next.at;
    next.call();
    return true;
  }

  /** Does all that is due up to a time, and goes there. */
  runUntil(at: number): void {
    while ((this.nextAt ?? Number.POSITIVE_INFINITY) <= at) this.step();
    this.#now = Math.max(this.#now, at);
  }

  #take(call: Call): void {
    call.isDue = false;
    this.#due.remove(call);
  }
}
