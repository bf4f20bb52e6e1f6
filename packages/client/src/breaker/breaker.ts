/**
 * Stops sending to an endpoint that keeps failing, and begins again with a few requests: an endpoint that has just come
 * back would fail again under all that has waited. Only failures of the endpoint count (5xx, broken connections,
 * time-outs), never refusals of one request or of limits; a key that is refused, or an empty account, opens it at once.
 */
import { KitError, type KitErrorCode } from '../errors/kit-error.js';
import type { Clock } from '../time/clock.js';
import { FailureWindow } from './failure-window.js';
import { Turnstile } from './turnstile.js';

export interface BreakerOptions {
  /** Failures in a row that open it. Default: 3. */
  readonly consecutiveFailures?: number;
  /** The part of the attempts that fails when it opens, once there are `samples` in `windowMs`. Default: 0.5. */
  readonly failureRatio?: number;
  /** Default: 20. */
  readonly samples?: number;
  /** Default: 30,000 ms. */
  readonly windowMs?: number;
  /** How long it is open before the first probe, in ms; doubles up to `openMaxMs`. Default: 2,000. */
  readonly openMs?: number;
  /** Default: 10,000 ms. */
  readonly openMaxMs?: number;
  /**
   * For how long after the last success requests wait for it to close, within their deadlines, in ms; from then on they
   * fail at once. After 401, 402 and 403 they fail in any case. Default: 120,000; 0 for services that must answer.
   */
  readonly waitMs?: number;
}

/** Leave to make one attempt; ends with one of its four calls. */
export interface BreakerEntry {
  succeeded(): void;
  failed(): void;
  /** The key is refused or the account is empty: everyone else would hear the same. */
  rejected(code: KitErrorCode, message: string, status: number): void;
  /** It says nothing about the endpoint: a refused request, a limit, a caller who left. */
  ended(): void;
}

/** Hears that it opened, and that it closed after a probe had succeeded. */
export interface BreakerListener {
  opened(): void;
  closed(): void;
}

interface Rejection {
  readonly code: KitErrorCode;
  readonly message: string;
  readonly status: number;
}

/** After it has been open: when so many may run at once, nobody is held back any more. */
const RECOVERED = 64;
/** How long nothing must have failed until twice as many may run, in ms. */
const WIDEN_EVERY_MS = 500;
/** The same when nobody waits, so that nothing is known of how many there would be. */
const RECOVERED_QUIET = 2;

export class Breaker {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #options: Required<BreakerOptions>;
  readonly #listener: BreakerListener;
  readonly #recent: FailureWindow;
  readonly #turnstile: Turnstile;
  #failuresInRow = 0;
  #running = 0;
  /** How many may run at once: none while it is open, all while it is closed, more and more in between. */
  #room = Number.POSITIVE_INFINITY;
  /** Whether it has opened and not closed again since. */
  #isInTrouble = false;
  /** When something went well last, or it opened. */
  #goodAt = 0;
  #openUntil = 0;
  #openings = 0;
  #rejection: Rejection | undefined;

  constructor(clock: Clock, random: () => number, listener: BreakerListener, options: BreakerOptions = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#listener = listener;
    this.#options = { ...DEFAULTS, ...options };
    this.#recent = new FailureWindow(this.#options.windowMs);
    this.#turnstile = new Turnstile(clock);
  }

  get isOpen(): boolean {
    return this.#room === 0;
  }

  /** Leave for one attempt, or undefined while nobody may go. */
  tryEnter(): BreakerEntry | undefined {
    if (this.#free <= 0) return undefined;
    this.#running++;
    return this.#enter(this.isOpen);
  }

  /**
   * Waits until `tryEnter` may give leave. Those who wait go in the order in which they came.
   *
   * @param waitMs In place of the option, for this request.
   * @returns Whether there was anything to wait for.
   * @throws KitError authentication or insufficient_balance while the endpoint refuses everyone, breaker_open when it is
   *   open for longer than is waited.
   * @throws the reason of the signal.
   */
  async whenPassable(deadline: number, waitMs = this.#options.waitMs, signal?: AbortSignal): Promise<boolean> {
    let hasWaited = false;
    while (this.#free <= 0) {
      if (this.#rejection !== undefined) throw toError(this.#rejection);
      const now = this.#clock.now();
      const limit = this.isOpen ? Math.min(deadline, this.#goodAt + waitMs) : deadline;
      if (limit <= now || (this.isOpen && limit < this.#openUntil)) throw this.#openError();
      hasWaited = true;
      const isProbeDue = this.isOpen && this.#running === 0;
      await this.#turnstile.wait((isProbeDue ? Math.min(limit, this.#openUntil) : limit) - now, signal);
    }
    return hasWaited;
  }

  /** Somebody who was called did not come: the next one may. */
  pass(): void {
    this.#turnstile.call(this.#free);
  }

  /** How many more may go now; one probe when it is open and its time has come. */
  get #free(): number {
    if (!this.isOpen) return this.#room - this.#running;
    return this.#clock.now() >= this.#openUntil && this.#running === 0 ? 1 : 0;
  }

  #enter(isProbe: boolean): BreakerEntry {
    let isOver = false;
    const once =
      <Given extends unknown[]>(end: (...given: Given) => void) =>
      (...given: Given) => {
        if (isOver) return;
        isOver = true;
        this.#running--;
        end(...given);
        this.pass();
      };
    return {
      succeeded: once(() => this.#succeed(isProbe)),
      failed: once(() => this.#fail(isProbe)),
      rejected: once((code, message, status) => this.#reject({ code, message, status })),
      ended: once(() => {}),
    };
  }

  #succeed(isProbe: boolean): void {
    this.#failuresInRow = 0;
    this.#recent.add(this.#clock.now(), false);
    // What was sent before it opened says nothing about now.
    if (this.isOpen && !isProbe) return;
    this.#goodAt = this.#clock.now();
    if (!this.#isInTrouble) return;
    this.#widen(this.#room + 1);
    if (isProbe && this.#isInTrouble) this.#widenInTime();
  }

  /** Answers take long and refusals do not: when none has come after a moment, what was sent is being worked on. */
  #widenInTime(): void {
    this.#clock.after(WIDEN_EVERY_MS, () => {
      if (this.isOpen || !this.#isInTrouble) return;
      this.#widen(2 * this.#room);
      this.pass();
      this.#widenInTime();
    });
  }

  #widen(room: number): void {
    this.#room = room;
    if (room >= RECOVERED || (room > RECOVERED_QUIET && this.#turnstile.isEmpty)) this.#close();
  }

  #fail(isProbe: boolean): void {
    this.#failuresInRow++;
    this.#recent.add(this.#clock.now(), true);
    const isRecovering = !this.isOpen && this.#isInTrouble;
    if (isProbe || isRecovering || (!this.isOpen && this.#isTooMuch())) this.#open();
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
    const longest = Math.min(openMaxMs, openMs * 2 ** Math.min(this.#openings++, 30));
    this.#room = 0;
    // Not all clients of an endpoint come back to it at one moment.
    this.#openUntil = this.#clock.now() + longest * (0.5 + 0.5 * this.#random());
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#goodAt = this.#clock.now();
    this.#listener.opened();
  }

  #close(): void {
    this.#room = Number.POSITIVE_INFINITY;
    this.#isInTrouble = false;
    this.#rejection = undefined;
    this.#openings = 0;
    this.#recent.clear();
    this.#listener.closed();
  }

  #openError(): KitError {
    const seconds = Math.max(0, Math.ceil((this.#openUntil - this.#clock.now()) / 1000));
    const message = `The endpoint keeps failing, so nothing is sent to it for now; it is tried again in ${seconds} s.`;
    return new KitError('breaker_open', message, { retryable: true, status: 503 });
  }
}

const DEFAULTS: Required<BreakerOptions> = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  samples: 20,
  windowMs: 30_000,
  openMs: 2000,
  openMaxMs: 10_000,
  waitMs: 120_000,
};

function toError({ code, message, status }: Rejection): KitError {
  return new KitError(code, message, { status });
}
