/**
 * The time of a simulated engine: continuous batching. A request waits for a slot; prompts are read one after the other;
 * then every answer that runs gets one token in each step, and a step takes the longer the more of them there are.
 *
 * Everything is due at a time of the model, whenever it is that the process gets to it: being late once makes nothing else
 * late, and what is overdue is done in the order in which it was due.
 */
import type { Timers } from '../../limits/timers.js';
import type { Clock } from '../../observe/clock.js';
import type { LatencyModel } from './latency-model.js';

/** One answer under way. */
export interface Sequence {
  /** A slot is free for it: its prompt is read. Returns how many tokens of it have to be. */
  begin(): number;
  /** Its prompt has been read. */
  prefilled(): void;
  /** Gets one token. Returns whether it was the last one. */
  step(): boolean;
  /** Sends what has been generated since the last time, and the end if there is one. */
  flush(): void;
}

export interface BatchOptions {
  readonly latency: LatencyModel;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Steps after which others get a turn of the event loop, however much is overdue. */
const STEPS_PER_TURN = 256;

/** A prompt that is being read, or waits for others to be. */
interface Prefill {
  readonly sequence: Sequence;
  readonly doneAt: number;
}

export class Batch {
  readonly #options: BatchOptions;
  readonly #waiting = new Set<Sequence>();
  /** In the order in which they will be done. */
  #prefills: Prefill[] = [];
  readonly #decoding = new Set<Sequence>();
  /** Those with something to send. */
  readonly #touched = new Set<Sequence>();
  /** When the prompts that are being read have been. */
  #readerFreeAt = 0;
  #nextStepAt = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /** Requests that wait for a slot. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Requests in slots. */
  get running(): number {
    return this.#prefills.length + this.#decoding.size;
  }

  /** Takes a request in. None of its methods is called before this has returned. */
  add(sequence: Sequence): void {
    this.#waiting.add(sequence);
    this.#wakeAt(this.#options.clock.now());
  }

  /** Lets go of a request; harmless for one that has ended. */
  remove(sequence: Sequence): void {
    this.#waiting.delete(sequence);
    this.#touched.delete(sequence);
    this.#prefills = this.#prefills.filter((prefill) => prefill.sequence !== sequence);
    this.#decoding.delete(sequence);
    // Its slot may be somebody's.
    if (this.#waiting.size > 0) this.#wakeAt(this.#options.clock.now());
  }

  /** Stops for good. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Does everything that is due. */
  #run(): void {
    this.#timer = undefined;
    const now = this.#options.clock.now();
    this.#fillSlots(now);
    for (let steps = 0; steps < STEPS_PER_TURN; steps++) {
      const dueAt = this.#nextDueAt();
      if (dueAt === undefined || dueAt > now) break;
      this.#advance(dueAt);
    }
    this.#flush();
    const next = this.#nextDueAt();
    if (next !== undefined) this.#wakeAt(next);
  }

  #nextDueAt(): number | undefined {
    const prefillAt = this.#prefills[0]?.doneAt ?? Number.POSITIVE_INFINITY;
    const stepAt = this.#decoding.size === 0 ? Number.POSITIVE_INFINITY : this.#nextStepAt;
    const at = Math.min(prefillAt, stepAt);
    return Number.isFinite(at) ? at : undefined;
  }

  #advance(at: number): void {
    const [first] = this.#prefills;
    if (first !== undefined && first.doneAt <= at) {
      this.#prefills.shift();
      this.#beginDecoding(first.sequence, at);
    } else this.#step(at);
  }

  #fillSlots(at: number): void {
    const { latency } = this.#options;
    for (const sequence of this.#waiting) {
      if (this.running >= latency.parameters.slots) return;
      this.#waiting.delete(sequence);
      const readAt = Math.max(at, this.#readerFreeAt) + latency.prefillMs(sequence.begin());
      this.#readerFreeAt = readAt;
      this.#insertPrefill({ sequence, doneAt: readAt + latency.firstTokenMs() });
    }
  }

  /** The first token takes a time that differs, so that one can overtake another. */
  #insertPrefill(prefill: Prefill): void {
    const later = this.#prefills.findIndex(({ doneAt }) => doneAt > prefill.doneAt);
    this.#prefills.splice(later === -1 ? this.#prefills.length : later, 0, prefill);
  }

  /** The first token comes with the end of the prompt, the second one with the next step. */
  #beginDecoding(sequence: Sequence, at: number): void {
    sequence.prefilled();
    if (this.#stepOne(sequence)) {
      this.#fillSlots(at);
      return;
    }
    if (this.#decoding.size === 0) this.#nextStepAt = at + this.#options.latency.stepMs(1);
    this.#decoding.add(sequence);
  }

  #step(at: number): void {
    const ended = [...this.#decoding].filter((sequence) => this.#stepOne(sequence));
    for (const sequence of ended) this.#decoding.delete(sequence);
    this.#nextStepAt = at + this.#options.latency.stepMs(this.#decoding.size);
    if (ended.length > 0) this.#fillSlots(at);
  }

  #stepOne(sequence: Sequence): boolean {
    this.#touched.add(sequence);
    return sequence.step();
  }

  #flush(): void {
    for (const sequence of this.#touched) sequence.flush();
    this.#touched.clear();
  }

  #wakeAt(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const delayMs = Math.max(0, at - this.#options.clock.now());
    this.#timer = { at, cancel: this.#options.timers.after(delayMs, () => this.#run()) };
  }
}
