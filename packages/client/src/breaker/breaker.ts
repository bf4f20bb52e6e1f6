/**
 * Stops sending to an endpoint that keeps failing. Only failures of the endpoint count (5xx, broken connections,
 * time-outs), never refusals of one request or of limits; a key that is refused, or an empty account, opens it at once.
 */
import { KitError, type KitErrorCode } from '../errors/kit-error.js';
import type { Clock } from '../time/clock.js';
import { FailureWindow } from './failure-window.js';

export interface BreakerOptions {
  /** Failures in a row that open it. Default: 5. */
  readonly consecutiveFailures?: number;
  /** The part of the attempts that fails when it opens, once there are `samples` in `windowMs`. Default: 0.5. */
  readonly failureRatio?: number;
  /** Default: 20. */
  readonly samples?: number;
  /** Default: 30,000 ms. */
  readonly windowMs?: number;
  /** How long it is open before the first probe, in ms; doubles up to `openMaxMs`. Default: 5,000. */
  readonly openMs?: number;
  /** Default: 60,000 ms. */
  readonly openMaxMs?: number;
  /**
   * What happens to requests meanwhile: they `wait` for a probe to succeed, until their deadlines, or `fail` at once.
   * After 401, 402 and 403 they fail in any case. Default: `wait`.
   */
  readonly whenOpen?: WhenOpen;
}

export type WhenOpen = 'wait' | 'fail';

/** Leave to make one attempt; ends with one of its three calls. */
export interface BreakerEntry {
  readonly isProbe: boolean;
  succeeded(): void;
  failed(): void;
  /** The key is refused or the account is empty: everyone else would hear the same. */
  rejected(code: KitErrorCode, message: string, status: number): void;
  /** It says nothing about the endpoint: a refused request, a limit, a caller who left. */
  ended(): void;
}

/** Hears that it opened and closed. */
export interface BreakerListener {
  opened(): void;
  closed(): void;
}

interface Rejection {
  readonly code: KitErrorCode;
  readonly message: string;
  readonly status: number;
}

export class Breaker {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #options: Required<BreakerOptions>;
  readonly #listener: BreakerListener;
  readonly #recent: FailureWindow;
  #failuresInRow = 0;
  /** Undefined while it is closed. */
  #openUntil: number | undefined;
  #openings = 0;
  #hasProbe = false;
  #rejection: Rejection | undefined;
  #waiting = new Set<() => void>();

  constructor(clock: Clock, random: () => number, listener: BreakerListener, options: BreakerOptions = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#listener = listener;
    this.#options = { ...DEFAULTS, ...options };
    this.#recent = new FailureWindow(this.#options.windowMs);
  }

  get isOpen(): boolean {
    return this.#openUntil !== undefined;
  }

  /** Leave for one attempt, or undefined while it is open and nobody may probe. */
  tryEnter(): BreakerEntry | undefined {
    if (this.#openUntil === undefined) return this.#enter(false);
    if (this.#hasProbe || this.#clock.now() < this.#openUntil) return undefined;
    this.#hasProbe = true;
    return this.#enter(true);
  }

  /**
   * Waits until `tryEnter` may give leave.
   *
   * @throws KitError authentication or insufficient_balance while the endpoint refuses everyone, breaker_open when
   *   waiting is not wanted or would outlast the deadline.
   * @throws the reason of the signal.
   */
  async whenPassable(deadline: number, whenOpen: WhenOpen | undefined, signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#openUntil === undefined) return;
      const now = this.#clock.now();
      if (!this.#hasProbe && now >= this.#openUntil) return;
      if (this.#rejection !== undefined) throw toError(this.#rejection);
      if ((whenOpen ?? this.#options.whenOpen) === 'fail' || this.#openUntil > deadline || now >= deadline) {
        throw new KitError('breaker_open', openMessage(this.#openUntil - now), { retryable: true, status: 503 });
      }
      await this.#change(Math.min(deadline, this.#hasProbe ? Number.POSITIVE_INFINITY : this.#openUntil) - now, signal);
    }
  }

  #enter(isProbe: boolean): BreakerEntry {
    let isOver = false;
    const once =
      <Given extends unknown[]>(end: (...given: Given) => void) =>
      (...given: Given) => {
        if (isOver) return;
        isOver = true;
        if (isProbe) this.#hasProbe = false;
        end(...given);
        if (isProbe) this.#wake();
      };
    return {
      isProbe,
      succeeded: once(() => this.#succeed(isProbe)),
      failed: once(() => this.#fail(isProbe)),
      rejected: once((code, message, status) => this.#reject({ code, message, status })),
      ended: once(() => {}),
    };
  }

  #succeed(isProbe: boolean): void {
    this.#failuresInRow = 0;
    this.#recent.add(this.#clock.now(), false);
    if (this.#openUntil === undefined || !isProbe) return;
    this.#openUntil = undefined;
    this.#rejection = undefined;
    this.#openings = 0;
    this.#recent.clear();
    this.#wake();
    this.#listener.closed();
  }

  #fail(isProbe: boolean): void {
    this.#failuresInRow++;
    this.#recent.add(this.#clock.now(), true);
    // What was sent before it opened says nothing new.
    if (this.#openUntil !== undefined ? isProbe : this.#isTooMuch()) this.#open();
  }

  #reject(rejection: Rejection): void {
    this.#rejection = rejection;
    this.#open();
  }

  #isTooMuch(): boolean {
    const { consecutiveFailures, failureRatio, samples } = this.#options;
    if (this.#failuresInRow >= consecutiveFailures) return true;
    const { attempts, failures } = this.#recent;
    return attempts >= samples && failures >= failureRatio * attempts;
  }

  #open(): void {
    const { openMs, openMaxMs } = this.#options;
    const longest = Math.min(openMaxMs, openMs * 2 ** this.#openings);
    const wasOpen = this.#openUntil !== undefined;
    this.#openings = Math.min(this.#openings + 1, 30);
    // Not all clients of an endpoint probe it at one moment.
    this.#openUntil = this.#clock.now() + longest * (1 - 0.25 * this.#random());
    if (wasOpen) return;
    this.#wake();
    this.#listener.opened();
  }

  /** Resolves when something changed, or after a time in ms. */
  #change(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = () => {
        cancel?.();
        this.#waiting.delete(end);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        end();
        reject(signal?.reason);
      };
      const cancel = Number.isFinite(delayMs) ? this.#clock.after(delayMs, end) : undefined;
      this.#waiting.add(end);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}

const DEFAULTS: Required<BreakerOptions> = {
  consecutiveFailures: 5,
  failureRatio: 0.5,
  samples: 20,
  windowMs: 30_000,
  openMs: 5000,
  openMaxMs: 60_000,
  whenOpen: 'wait',
};

function toError({ code, message, status }: Rejection): KitError {
  return new KitError(code, message, { status });
}

function openMessage(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `The endpoint keeps failing, so nothing is sent to it for now; it is tried again in ${seconds} s.`;
}
