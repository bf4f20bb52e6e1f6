/**
 * Keeps the number of computing threads at what the machine has free. llama.cpp's threads wait for each other by spinning
 * after every operation: when one of them has no core, all the others burn theirs until it gets one. Two threads on two
 * cores, one of which another process uses, are some hundred times slower than one thread.
 *
 * That a thread lacks a core shows in the processor time of this process against the clock; that a core is free shows in
 * the idle time of the machine.
 */

/** Where the governor reads the clock and the processors; all in ms. */
export interface ProcessorReadings {
  now(): number;
  /** Processor time that this process has used. */
  usedMs(): number;
  /** Time that the processors of the machine have been idle, summed over all of them. */
  idleMs(): number;
}

/** Computing is judged whenever so much of it has passed. */
const WINDOW_MS = 100;
/** So much of a core may be missing, on average, before a thread is given up. */
const MISSING_CORES = 0.5;
/** So much of a core must be idle, on average, before a thread is added. */
const IDLE_CORES = 0.75;
/** How often idle cores are looked for at first; each time that they turn out not to be free, half as often. */
const SEARCH_MS = 300;
const SEARCH_MAX_MS = 10_000;
/** A thread that was kept so long was rightly added. */
const SETTLED_MS = 2000;

export class ThreadGovernor {
  readonly #wanted: number;
  readonly #readings: ProcessorReadings;
  readonly #setThreads: (threads: number) => void;
  #threads: number;
  /** Of the window: time of computing, and processor time in it. */
  #computedMs = 0;
  #usedMs = 0;
  /** Readings when the running computation began. */
  #startedAt = 0;
  #usedAtStart = 0;
  /** Readings when idle time was last looked at, while threads are missing. */
  #searchedAt = 0;
  #idleAtSearch = 0;
  #searchMs = SEARCH_MS;
  #raisedAt = Number.NEGATIVE_INFINITY;

  /** @param wanted The threads to compute with when the machine is free; the number that `setThreads` starts from. */
  constructor(wanted: number, readings: ProcessorReadings, setThreads: (threads: number) => void) {
    this.#wanted = wanted;
    this.#threads = wanted;
    this.#readings = readings;
    this.#setThreads = setThreads;
  }

  get threads(): number {
    return this.#threads;
  }

  /** A computation begins. */
  start(): void {
    this.#startedAt = this.#readings.now();
    this.#usedAtStart = this.#readings.usedMs();
  }

  /** It is over; the next one may have another number of threads. */
  stop(): void {
    const now = this.#readings.now();
    this.#computedMs += now - this.#startedAt;
    this.#usedMs += this.#readings.usedMs() - this.#usedAtStart;
    if (this.#computedMs >= WINDOW_MS) this.#judge(now);
    if (this.#threads < this.#wanted && now - this.#searchedAt >= this.#searchMs) this.#search(now);
  }

  /** Gives up the threads that had no core. */
  #judge(now: number): void {
    const cores = this.#usedMs / this.#computedMs;
    this.#computedMs = 0;
    this.#usedMs = 0;
    if (this.#threads === 1 || cores > this.#threads - MISSING_CORES) return;
    const wasRaisedInVain = now - this.#raisedAt < SETTLED_MS;
    this.#searchMs = wasRaisedInVain ? Math.min(2 * this.#searchMs, SEARCH_MAX_MS) : SEARCH_MS;
    this.#change(Math.max(1, Math.min(this.#threads - 1, Math.round(cores))), now);
  }

  /** Adds a thread for each core that was idle. */
  #search(now: number): void {
    const idleCores = (this.#readings.idleMs() - this.#idleAtSearch) / (now - this.#searchedAt);
    const found = Math.floor(idleCores + 1 - IDLE_CORES);
    if (found < 1) {
      this.#lookAgain(now);
      return;
    }
    this.#raisedAt = now;
    this.#change(Math.min(this.#wanted, this.#threads + found), now);
  }

  #change(threads: number, now: number): void {
    this.#threads = threads;
    this.#setThreads(threads);
    this.#computedMs = 0;
    this.#usedMs = 0;
    this.#lookAgain(now);
  }

  #lookAgain(now: number): void {
    this.#searchedAt = now;
    this.#idleAtSearch = this.#readings.idleMs();
  }
}
