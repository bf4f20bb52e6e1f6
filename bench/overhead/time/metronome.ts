/** Wakes streams when their next chunk is due: one timer for all of them, because a timer for each would be the load. */
import { type Pacemaker, startPacemaker } from './pacemaker.js';

/**
 * A quarter of a millisecond: what is due in the same tick is sent in one go, and its last part has to wait for the first
 * wherever sender and receiver share a processor.
 */
const TICK_US = 250;

/** Something that is woken. Returns in how many microseconds again; undefined when never. */
export type Wake = () => number | undefined;

/** Starts what beats; a pacemaker unless a test beats by itself. */
export type StartBeat = (perSecond: number, beat: () => void) => Pacemaker;

/** Wakes at times that are kept to a tick, without drifting. */
export class Metronome {
  readonly #slots = new Map<number, { dueUs: number; wake: Wake }[]>();
  readonly #nowUs: () => number;
  readonly #startBeat: StartBeat;
  #pacemaker: Pacemaker | undefined;
  #nextTick = 0;

  constructor(nowUs: () => number, startBeat: StartBeat = startPacemaker) {
    this.#nowUs = nowUs;
    this.#startBeat = startBeat;
  }

  /** Wakes for the first time after so many microseconds. */
  add(afterUs: number, wake: Wake): void {
    const nowUs = this.#nowUs();
    if (this.#pacemaker === undefined) {
      this.#nextTick = toTick(nowUs);
      this.#pacemaker = this.#startBeat(1_000_000 / TICK_US, () => this.#beat());
    }
    this.#insert(nowUs + afterUs, wake);
  }

  /** Wakes nobody any more. */
  async stop(): Promise<void> {
    const pacemaker = this.#pacemaker;
    this.#pacemaker = undefined;
    this.#slots.clear();
    await pacemaker?.stop();
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
    if (this.#slots.size === 0) void this.stop();
  }
}

function toTick(timeUs: number): number {
  return Math.floor(timeUs / TICK_US);
}
