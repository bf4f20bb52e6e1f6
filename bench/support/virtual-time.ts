/** Time that passes only when nothing else can happen, so that an hour of waiting clients is measured in seconds. */
import type { Clock } from '#client/index.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

const realSetImmediate = globalThis.setImmediate;

export class VirtualTime implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new TimerHeap();
  readonly #cancelled = new Set<Timer>();

  /** @param startMs The first moment, in ms since the epoch. */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, call };
    this.#timers.push(timer);
    return () => this.#cancelled.add(timer);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Lets time pass until a moment, in ms since the epoch; between two timers everything that can happen happens. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      await settle();
      const next = this.#timers.peek();
      if (next === undefined || next.at > untilMs) break;
      this.#now = next.at;
      // Timers of one moment fire together: they cannot know of each other.
      while (this.#timers.peek()?.at === this.#now) {
        const timer = this.#timers.pop()!;
        if (!this.#cancelled.delete(timer)) timer.call();
      }
    }
    this.#now = untilMs;
  }

  /** Replaces the timers and the time of the platform, for libraries that know no other. Returns what puts them back. */
  install(): () => void {
    const { setTimeout, clearTimeout } = globalThis;
    const dateNow = Date.now;
    const cancels = new Map<object, () => void>();
    const fake = (call: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) => {
      const handle = { unref: () => handle, ref: () => handle, hasRef: () => true };
      cancels.set(
        handle,
        this.after(delayMs, () => {
          cancels.delete(handle);
          call(...given);
        }),
      );
      return handle;
    };
    const clear = (handle: object | undefined) => {
      if (handle === undefined) return;
      cancels.get(handle)?.();
      cancels.delete(handle);
    };
    Object.assign(globalThis, { setTimeout: fake, clearTimeout: clear });
    Date.now = () => this.#now;
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = dateNow;
    };
  }
}

/** Promises that follow from each other are done before the next turn of the event loop; streams take a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => void realSetImmediate(resolve));
}

/** A binary heap of timers, the earliest first, those of one moment in the order in which they were set. */
class TimerHeap {
  readonly #timers: Timer[] = [];

  peek(): Timer | undefined {
    return this.#timers[0];
  }

  push(timer: Timer): void {
    let place = this.#timers.push(timer) - 1;
    for (
      let parent = (place - 1) >> 1;
      place > 0 && isBefore(timer, this.#timers[parent]!);
      parent = (place - 1) >> 1
    ) {
      this.#timers[place] = this.#timers[parent]!;
      place = parent;
    }
    this.#timers[place] = timer;
  }

  pop(): Timer | undefined {
    const first = this.#timers[0];
    const last = this.#timers.pop();
    if (first === undefined || last === undefined || first === last) return first;
    const { length } = this.#timers;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      if (child + 1 < length && isBefore(this.#timers[child + 1]!, this.#timers[child]!)) child++;
      if (!isBefore(this.#timers[child]!, last)) break;
      this.#timers[place] = this.#timers[child]!;
      place = child;
    }
    this.#timers[place] = last;
    return first;
  }
}

function isBefore(first: Timer, second: Timer): boolean {
  return first.at === second.at ? first.order < second.order : first.at < second.at;
}
