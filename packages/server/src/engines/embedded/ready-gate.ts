/** Where requests wait for an engine that is starting: let through when it is ready, turned away after a bounded time. */

export interface ReadyGateOptions {
  /** How long one waits at most, in ms. */
  readonly waitMs: number;
  /** How many wait at most; further ones are turned away at once. */
  readonly waitingMax: number;
}

interface Waiting {
  readonly enter: () => void;
  readonly turnAway: (reason: string) => void;
  readonly timer: NodeJS.Timeout;
}

export class ReadyGate {
  readonly #options: ReadyGateOptions;
  readonly #waiting = new Set<Waiting>();
  #isOpen = false;
  /** Why it will not open any more. */
  #closedFor: string | undefined;

  constructor(options: ReadyGateOptions) {
    this.#options = options;
  }

  /**
   * Calls `enter` at once while the gate is open, else when it opens, or `turnAway` when it does not in time; one of them,
   * once. Whoever has to wait gets a function to leave with, after which neither is called. Never calls `turnAway` before
   * it has returned.
   */
  pass(enter: () => void, turnAway: (reason: string) => void): (() => void) | undefined {
    if (this.#isOpen) {
      enter();
      return undefined;
    }
    const isFull = this.#waiting.size >= this.#options.waitingMax;
    const refusal = this.#closedFor ?? (isFull ? 'too many requests wait for the engine to start' : undefined);
    const waitMs = refusal === undefined ? this.#options.waitMs : 0;
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      turnAway(refusal ?? 'the engine did not start in time');
    }, waitMs);
    const waiting: Waiting = { enter, turnAway, timer };
    if (refusal === undefined) this.#waiting.add(waiting);
    return () => this.#leave(waiting);
  }

  open(): void {
    this.#isOpen = true;
    for (const waiting of [...this.#waiting]) {
      this.#leave(waiting);
      waiting.enter();
    }
  }

  /** Makes whoever comes wait again. */
  shut(): void {
    this.#isOpen = false;
  }

  /** Turns away whoever waits and whoever comes. */
  closeForGood(reason: string): void {
    this.#isOpen = false;
    this.#closedFor = reason;
    for (const waiting of [...this.#waiting]) {
      this.#leave(waiting);
      waiting.turnAway(reason);
    }
  }

  #leave(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}
