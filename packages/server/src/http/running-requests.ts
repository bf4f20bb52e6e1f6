/** Counts the requests that run, for whoever waits until none does: a server that stops. */
export class RunningRequests {
  #count = 0;
  #waiting: (() => void)[] = [];

  begin(): void {
    this.#count += 1;
  }

  /** Bound, so that it can be handed on as it is. */
  readonly end = (): void => {
    this.#count -= 1;
    if (this.#count > 0) return;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  };

  /** Resolves as soon as none runs. */
  allEnded(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
