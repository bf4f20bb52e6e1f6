/** Wakes streams when their next chunk is due: one timer for all of them, because a timer for each would be the load. */

const TICK_MS = 1;

/** Something that is woken. Returns in how many microseconds again; undefined when never. */
export type Wake = () => number | undefined;

/** Wakes at times that are kept to a millisecond, without drifting. */
export class Metronome {
  readonly #slots = new Map<number, { dueUs: number; wake: Wake }[]>();
  readonly #nowUs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #nextTick = 0;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  /** Wakes for the first time after so many microseconds. */
  add(afterUs: number, wake: Wake): void {
    if (this.#timer === undefined) {
      this.#nextTick = toTick(this.#nowUs());
      this.#timer = setInterval(() => this.#beat(), TICK_MS);
    }
    this.#insert(this.#nowUs() + afterUs, wake);
  }

  #insert(dueUs: number, wake: Wake): void {
    // What is due already is woken with the next beat.
    const tick = Math.max(toTick(dueUs), this.#nextTick);
    const slot = this.#slots.get(tick);
    if (slot === undefined) this.#slots.set(tick, [{ dueUs, wake }]);
    else slot.push({ dueUs, wake });
  }

  #beat(): void {
    const last = toTick(this.#nowUs());
    while (this.#nextTick <= last) {
      const slot = this.#slots.get(this.#nextTick);
      this.#slots.delete(this.#nextTick);
      this.#nextTick += 1;
      for (const { dueUs, wake } of slot ?? []) {
        const afterUs = wake();
        if (afterUs !== undefined) this.#insert(dueUs + afterUs, wake);
      }
    }
    if (this.#slots.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function toTick(timeUs: number): number {
  return Math.floor(timeUs / 1000);
}
