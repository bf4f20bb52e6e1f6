/** Stands still for a while after some chunks, or before the last one of a shorter answer. */
import { encodeEvent, KEEP_ALIVE_COMMENT } from '@plumb/wire';
import type { Outgoing } from '../../http/exchange.js';
import type { Timers } from '../../limits/timers.js';
import { isLast, readEvents } from './read-events.js';
import { SlowOutlet } from './slow-outlet.js';

export interface StallOptions {
  /** Chunks before it. */
  readonly after: number;
  readonly durationS: number;
  /** Between keep-alives; undefined where nothing at all is sent. */
  readonly intervalS: number | undefined;
}

export class Stall extends SlowOutlet {
  readonly #options: StallOptions;
  #passed = 0;
  #leftS: number | undefined;

  constructor(exchange: Outgoing, timers: Timers, options: StallOptions) {
    super(exchange, timers);
    this.#options = options;
  }

  override write(piece: string | Uint8Array): void {
    const events = readEvents(piece).filter((data) => data !== '[DONE]');
    // The server's own keep-alives would end the silence.
    if (piece === KEEP_ALIVE_COMMENT && this.isWaiting) return;
    if (events.length === 0) this.keep(piece);
    for (const data of events) this.#take(data);
    if (!this.isWaiting) this.release();
  }

  #take(data: string): void {
    const { after, durationS } = this.#options;
    if (this.#leftS === undefined && (this.#passed >= after || isLast(data))) {
      this.release();
      this.#leftS = durationS;
      this.#wait();
    }
    this.#passed += 1;
    this.keep(encodeEvent(data));
  }

  #wait(): void {
    const { intervalS = Number.POSITIVE_INFINITY } = this.#options;
    const left = this.#leftS ?? 0;
    if (left <= 0) {
      this.release();
      return;
    }
    const stepS = Math.min(left, intervalS);
    this.#leftS = left - stepS;
    this.later(stepS, () => {
      if ((this.#leftS ?? 0) > 0) this.exchange.write(KEEP_ALIVE_COMMENT);
      this.#wait();
    });
  }
}
