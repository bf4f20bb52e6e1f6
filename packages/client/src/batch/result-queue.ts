/** Hands results to whoever iterates over a run, a bounded number of them ahead. */

/** Results that wait for the consumer at most. */
export const RESULTS_WAITING_MAX = 64;

export class ResultQueue<Result> implements AsyncIterator<Result, undefined> {
  readonly #waiting: Result[] = [];
  readonly #onLeave: () => void;
  #take: (() => void) | undefined;
  #room: (() => void)[] = [];
  #end: 'open' | 'ended' | 'left' = 'open';
  #failure: { readonly error: unknown } | undefined;

  /** @param onLeave The consumer wants no more. */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  /** Resolves once there is room for the next one. */
  async put(result: Result): Promise<void> {
    if (this.#end !== 'open') return;
    this.#waiting.push(result);
    this.#take?.();
    if (this.#waiting.length < RESULTS_WAITING_MAX) return;
    await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** No more will come. */
  end(failure?: { readonly error: unknown }): void {
    if (this.#end === 'open') this.#end = 'ended';
    this.#failure = failure;
    this.#take?.();
  }

  async next(): Promise<IteratorResult<Result, undefined>> {
    for (;;) {
      const value = this.#waiting.shift();
      if (this.#waiting.length < RESULTS_WAITING_MAX) this.#makeRoom();
      if (value !== undefined) return { done: false, value };
      if (this.#end !== 'open') return this.#finish();
      await new Promise<void>((resolve) => {
        this.#take = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Result, undefined>> {
    if (this.#end === 'open') {
      this.#end = 'left';
      this.#onLeave();
    }
    this.#waiting.length = 0;
    this.#makeRoom();
    return { done: true, value: undefined };
  }

  #finish(): IteratorResult<Result, undefined> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  #makeRoom(): void {
    for (const resolve of this.#room.splice(0)) resolve();
  }
}
