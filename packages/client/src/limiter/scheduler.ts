/** Lets requests go as soon as the ledger has room: the line, the timer for the exact next moment, and who may pass whom. */
import { KitError } from '../errors/kit-error.js';
import type { Clock } from '../time/clock.js';
import type { Booking, Need, Refused } from './booking.js';
import type { LimiterEvent } from './events.js';
import type { Ledger } from './ledger.js';
import type { Admission, Axis, AxisState, Limiter, LimiterSnapshot, Permit } from './limiter.js';
import { type Waiter, WaitingLine } from './waiting-line.js';

/** The part of a ledger that decides and remembers. Another implementation keeps it in step with other processes. */
export type Books = Pick<
  Ledger,
  'quote' | 'outlook' | 'spare' | 'take' | 'answered' | 'settle' | 'abandon' | 'refused' | 'axes' | 'refusals'
> & { readonly guardMs: number };

/** Gives an action the sole right to read and write the books: now, or as soon as that can be had. */
export type Exclusively = (action: (books: Books) => void) => void;

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly exclusively: Exclusively;
  readonly onEvent?: (event: LimiterEvent) => void;
}

/** What becomes of a request: exactly one of the two is called, once, and neither after it has left the line. */
export interface Outcome {
  grant(permit: Permit): void;
  fail(error: KitError): void;
}

interface Request extends Waiter {
  readonly outcome: Outcome;
  cancelDeadline: () => void;
  isWaiting: boolean;
}

/**
 * How many leave in one turn of the event loop. What leaves in one go is sent over the whole of the next moment; its times
 * would lie.
 */
const GRANTS_PER_TURN = 16;

export class Scheduler implements Limiter {
  readonly #clock: Clock;
  readonly #exclusively: Exclusively;
  readonly #onEvent: ((event: LimiterEvent) => void) | undefined;
  readonly #line = new WaitingLine();
  #requests = 0;
  #running = 0;
  #cancelTimer: (() => void) | undefined;
  #isPumpDue = false;
  #binding: Axis | undefined;
  #nextAt: number | undefined;
  #axes: readonly AxisState[] = [];
  #guardMs: number | undefined;
  #refusals = 0;

  constructor({ clock, exclusively, onEvent }: SchedulerOptions) {
    this.#clock = clock;
    this.#exclusively = exclusively;
    this.#onEvent = onEvent;
  }

  admit(admission: Admission, signal?: AbortSignal): Promise<Permit> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        leave();
        reject(signal?.reason);
      };
      const done = () => signal?.removeEventListener('abort', stop);
      signal?.addEventListener('abort', stop, { once: true });
      const leave = this.enqueue(admission, {
        grant(permit) {
          done();
          resolve(permit);
        },
        fail(error) {
          done();
          reject(error);
        },
      });
    });
  }

  /** `admit` without a promise; returns what gives up the place in the line. */
  enqueue(admission: Admission, outcome: Outcome): () => void {
    const request: Request = {
      admission,
      outcome,
      since: admission.since ?? this.#clock.now(),
      number: this.#requests++,
      place: 0,
      isWaiting: true,
      cancelDeadline: () => {},
    };
    this.#line.join(request);
    if (admission.deadline !== undefined) this.#watchDeadline(request, admission.deadline);
    // Behind a head that waits for anything but tokens nobody can leave.
    if (this.#line.head === request || this.#binding === 'tokens') this.#pumpSoon();
    if (this.#isHopeless(request)) this.#expire(request);
    return () => {
      if (this.#leave(request, false)) this.#pumpSoon();
    };
  }

  snapshot(): LimiterSnapshot {
    this.#exclusively((books) => this.#look(books));
    return {
      axes: this.#axes,
      inFlight: this.#running,
      waiting: this.#line.length,
      binding: this.#binding,
      nextAt: this.#nextAt,
      refusals: this.#refusals,
    };
  }

  /** Whether anybody is in the line. */
  get isWaiting(): boolean {
    return this.#line.length > 0;
  }

  /** Something has changed that is not known here: looks again whether somebody can leave. */
  wake(): void {
    this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#exclusively((books) => this.#pump(books));
  }

  /** Lets go whoever fits, and sets the timer for the next one. */
  #pump(books: Books): void {
    this.#isPumpDue = false;
    for (let grants = 0; grants < GRANTS_PER_TURN; grants++) {
      if (this.#grantNext(books)) continue;
      this.#sleep(books);
      return;
    }
    this.#pumpAfter(0);
  }

  #pumpAfter(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#pumpSoon());
  }

  #grantNext(books: Books): boolean {
    const { head } = this.#line;
    if (head === undefined) return false;
    const now = this.#clock.now();
    const need = needOf(books, head);
    const { at, axis } = books.outlook(need, now);
    const next = at <= now ? head : axis === 'tokens' ? this.#findSmaller(books, need, at, now) : undefined;
    if (next === undefined) return false;
    this.#grant(books, next as Request, now);
    return true;
  }

  /**
   * Somebody who fits now and does not delay the head: the head leaves when enough tokens have left the window, and then
   * there must be room for both (EASY backfilling; Lifka, JSSPP 1995).
   */
  #findSmaller(books: Books, head: Need, headAt: number, now: number): Waiter | undefined {
    if (!Number.isFinite(headAt)) return undefined;
    const spareTokens = books.spare('tokens', head, headAt);
    if (spareTokens <= 0 || books.spare('requests', head, headAt) < 1) return undefined;
    return this.#line.others().find((waiter) => {
      const need = needOf(books, waiter);
      return need.tokens <= spareTokens && books.outlook(need, now).at <= now;
    });
  }

  #sleep(books: Books): void {
    this.#look(books);
    while (this.#line.head !== undefined && this.#isHopeless(this.#line.head as Request)) {
      this.#expire(this.#line.head as Request);
    }
    if (this.#nextAt === undefined || this.#line.length === 0) this.#cancelTimer?.();
    else this.#pumpAfter(Math.max(0, this.#nextAt - this.#clock.now()));
  }

  /** Whether somebody must leave before the head can: nobody leaves before there is room for one request. */
  #isHopeless({ admission, isWaiting }: Request): boolean {
    const { deadline = Number.POSITIVE_INFINITY } = admission;
    return isWaiting && this.#binding === 'requests' && this.#nextAt !== undefined && deadline < this.#nextAt;
  }

  #look(books: Books): void {
    const now = this.#clock.now();
    this.#axes = books.axes(now);
    this.#refusals = books.refusals;
    const { head } = this.#line;
    const outlook = head && books.outlook(needOf(books, head), now);
    this.#binding = outlook?.axis;
    this.#nextAt = outlook && Number.isFinite(outlook.at) ? Math.max(outlook.at, now) : undefined;
  }

  #grant(books: Books, request: Request, now: number): void {
    this.#leave(request, true);
    const booking = books.take(needOf(books, request), now);
    this.#running += 1;
    request.outcome.grant(this.#permit(request.admission, booking));
  }

  #permit(admission: Admission, booking: Booking): Permit {
    let isOver = false;
    const end = (action: (books: Books, now: number) => void) => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      const now = this.#clock.now();
      this.#exclusively((books) => action(books, now));
      this.#pumpSoon();
    };
    return {
      reservedTokens: booking.need.tokens,
      answered: (headers) => {
        if (isOver) return;
        const now = this.#clock.now();
        this.#exclusively((books) => this.#watch(books, now, () => books.answered(booking, headers, now)));
        this.#pumpSoon();
      },
      refused: (refusal, headers) =>
        end((books, now) => this.#refuse(books, admission, now, () => books.refused(booking, refusal, now, headers))),
      settle: (totalTokens) => end((books, now) => books.settle(booking, requireTokens(totalTokens), now)),
      abandon: () => end((books, now) => books.abandon(booking, now)),
    };
  }

  #refuse(books: Books, admission: Admission, now: number, refuse: () => Refused): void {
    this.#line.returnTurn(admission);
    this.#watch(books, now, () => {
      const { axis, heldUntil } = refuse();
      this.#onEvent?.({ type: 'refused', axis, heldUntil });
    });
  }

  /** Tells which limits an action has changed. */
  #watch(books: Books, now: number, action: () => void): void {
    if (this.#onEvent === undefined) {
      action();
      return;
    }
    const before = books.axes(now);
    action();
    for (const [index, { axis, limit, origin }] of books.axes(now).entries()) {
      if (limit !== before[index]?.limit) this.#onEvent({ type: 'limit', axis, limit, origin });
    }
    if (books.guardMs === this.#guardMs) return;
    if (this.#guardMs !== undefined) this.#onEvent({ type: 'guard', guardMs: books.guardMs });
    this.#guardMs = books.guardMs;
  }

  #watchDeadline(request: Request, deadline: number): void {
    const leftMs = deadline - this.#clock.now();
    if (!Number.isFinite(leftMs)) return;
    request.cancelDeadline = this.#clock.after(Math.max(0, leftMs), () => {
      this.#expire(request);
      this.#pumpSoon();
    });
  }

  #expire(request: Request): void {
    if (!this.#leave(request, false)) return;
    const limit = this.#binding === undefined ? 'its limits have' : `its limit of ${this.#binding} has`;
    const message = `The endpoint can take the request only after its deadline: ${limit} no room before. Allow more time, or send less at once.`;
    request.outcome.fail(new KitError('rate_limited', message, { retryable: true }));
  }

  #leave(request: Request, isServed: boolean): boolean {
    if (!request.isWaiting) return false;
    request.isWaiting = false;
    request.cancelDeadline();
    this.#line.leave(request, isServed);
    return true;
  }
}

function needOf(books: Books, { admission }: Waiter): Need {
  return books.quote(admission.promptTokens, admission.answerTokensMax);
}

/** Numbers of endpoints are taken as they come, but what is none would spoil every sum. */
function requireTokens(tokens: number | undefined): number | undefined {
  return tokens !== undefined && Number.isFinite(tokens) && tokens >= 0 ? tokens : undefined;
}
