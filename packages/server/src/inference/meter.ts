/** The only counter of what a generation produced and how long it took; the log and the ledger read from it. */
import type { FinishReason, Usage } from '@plumb/wire';

export class Meter {
  /** When the request had been read; epoch ms. */
  readonly startedAt: number;
  #begunAt: number | undefined;
  #firstEventAt: number | undefined;
  #usage: Usage | undefined;
  #finishReason: FinishReason | undefined;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  begun(now: number): void {
    this.#begunAt ??= now;
  }

  produced(now: number): void {
    this.#firstEventAt ??= now;
  }

  ended(usage: Usage, finishReason: FinishReason): void {
    this.#usage = usage;
    this.#finishReason = finishReason;
  }

  /** Tokens as the engine counted them, once the generation has ended. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  get finishReason(): FinishReason | undefined {
    return this.#finishReason;
  }

  /** Whether inference has begun. */
  get hasBegun(): boolean {
    return this.#begunAt !== undefined;
  }

  /** Waiting for a place on the engine, in ms. */
  get queuedMs(): number | undefined {
    return this.#begunAt === undefined ? undefined : this.#begunAt - this.startedAt;
  }

  /** From the start to the first event, in ms. */
  get firstEventMs(): number | undefined {
    return this.#firstEventAt === undefined ? undefined : this.#firstEventAt - this.startedAt;
  }
}
