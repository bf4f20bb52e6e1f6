/** Answers that reach their client later than they are written: bytes wait here, as they would for a slow client. */
import type { Outgoing } from '../../http/exchange.js';
import type { Timers } from '../../limits/timers.js';
import { Outlet } from './outlet.js';

/** From so many waiting bytes on the engine is held up. */
const FULL_BYTES = 16 * 1024;

export abstract class SlowOutlet extends Outlet {
  protected readonly timers: Timers;
  #waiting: Buffer = Buffer.alloc(0);
  #isEnding = false;
  #hasLeft = false;
  #cancel: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(exchange: Outgoing, timers: Timers) {
    super(exchange);
    this.timers = timers;
    exchange.onClientLeft(() => this.#forget());
  }

  override get bufferedBytes(): number {
    return this.#waiting.length + super.bufferedBytes;
  }

  override get isFull(): boolean {
    return this.#waiting.length > FULL_BYTES || super.isFull;
  }

  override onDrained(callback: () => void): void {
    if (this.#waiting.length > FULL_BYTES) this.#onDrained = callback;
    else super.onDrained(callback);
  }

  override end(piece: string | Uint8Array = ''): void {
    this.#isEnding = true;
    this.write(piece);
  }

  override sendJson(_status: number, json: string): void {
    this.beginBody('application/json');
    this.end(json);
  }

  /** Lets bytes wait behind those that do. */
  protected keep(piece: string | Uint8Array): void {
    if (!this.#hasLeft) this.#waiting = Buffer.concat([this.#waiting, Buffer.from(piece)]);
  }

  /** Sends so many of the bytes that wait, and the end behind the last of them. Returns whether more can follow. */
  protected release(bytes = this.#waiting.length): boolean {
    const piece = this.#waiting.subarray(0, bytes);
    this.#waiting = this.#waiting.subarray(bytes);
    if (piece.length > 0) super.write(piece);
    if (this.#waiting.length > 0) return true;
    if (this.#isEnding) super.end();
    this.#tellDrained();
    return !this.#isEnding;
  }

  /** Whether there is anything that waits to be sent, be it the end. */
  protected get hasMore(): boolean {
    return this.#waiting.length > 0 || this.#isEnding;
  }

  /** Calls back after a time, unless the client leaves before. */
  protected later(seconds: number, call: () => void): void {
    this.#cancel = this.timers.after(seconds * 1000, () => {
      this.#cancel = undefined;
      call();
    });
  }

  /** Whether it waits for a time. */
  protected get isWaiting(): boolean {
    return this.#cancel !== undefined;
  }

  #forget(): void {
    this.#hasLeft = true;
    this.#cancel?.();
    this.#waiting = Buffer.alloc(0);
    this.#tellDrained();
  }

  #tellDrained(): void {
    const drained = this.#onDrained;
    this.#onDrained = undefined;
    drained?.();
  }
}
