/** Sends so many bytes a second and no more. */
import type { Outgoing } from '../../http/exchange.js';
import type { Timers } from '../../limits/timers.js';
import { SlowOutlet } from './slow-outlet.js';

/** The shortest time between two pieces. */
const TICK_S = 0.05;

export class SlowDrip extends SlowOutlet {
  readonly #bytes: number;
  readonly #everyS: number;

  constructor(exchange: Outgoing, timers: Timers, bytesPerSecond: number) {
    super(exchange, timers);
    this.#bytes = Math.max(1, Math.floor(bytesPerSecond * TICK_S));
    this.#everyS = this.#bytes / bytesPerSecond;
  }

  override write(piece: string | Uint8Array): void {
    this.keep(piece);
    if (!this.isWaiting) this.#drip();
  }

  #drip(): void {
    if (this.release(this.#bytes)) this.later(this.#everyS, () => this.hasMore && this.#drip());
  }
}
