/**
 * The limiter as slowly and plainly as it can be said: nothing is ever forgotten, every question is answered by adding up
 * all bookings, and the future is found by playing it.
 */
import type { Admission, Gauge, LimitKind, Limits } from '#server/limits/index.js';

const WINDOW_MS = 60_000;
const CONCURRENCY_RETRY_MS = 1000;

interface Booking {
  readonly at: number;
  amount: number;
}

/** One limit of one scope. */
export class OracleWindow {
  readonly limit: number;
  readonly bookings: Booking[] = [];
  debt = 0;
  time: number;

  constructor(limit: number, time: number) {
    this.limit = limit;
    this.time = time;
  }

  /** What the half-open span of 60 s that ends at a time holds. */
  amountIn(end: number): number {
    return this.bookings
      .filter(({ at }) => end - WINDOW_MS < at && at <= end)
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  /** Lets time pass. New room for debts can only come when a booking is 60 s old. */
  playTo(now: number): void {
    for (let next = this.nextDeparture(); next !== undefined && next <= now; next = this.nextDeparture()) {
      this.time = next;
      this.bookDebt();
    }
    this.time = now;
  }

  nextDeparture(): number | undefined {
    const departures = this.bookings.map(({ at }) => at + WINDOW_MS).filter((at) => at > this.time);
    return departures.length === 0 ? undefined : Math.min(...departures);
  }

  bookDebt(): void {
    const amount = Math.min(this.debt, this.limit - this.amountIn(this.time));
    if (amount <= 0) return;
    this.bookings.push({ at: this.time, amount });
    this.debt -= amount;
  }

  fits(amount: number): boolean {
    return this.debt === 0 && this.amountIn(this.time) + amount <= this.limit;
  }

  waitMs(amount: number): number {
    if (this.limit === 0 || amount > this.limit) return Number.POSITIVE_INFINITY;
    return this.msUntil((future) => future.fits(amount));
  }

  gauge(): Gauge {
    const remaining = this.limit - this.amountIn(this.time);
    const resetMs = this.msUntil((future) => future.debt === 0 && future.amountIn(future.time) === 0);
    return { limit: this.limit, remaining, resetMs };
  }

  msUntil(isTrue: (future: OracleWindow) => boolean): number {
    const future = new OracleWindow(this.limit, this.time);
    future.debt = this.debt;
    future.bookings.push(...this.bookings.map((booking) => ({ ...booking })));
    while (!isTrue(future)) future.playTo(future.nextDeparture()!);
    return future.time - this.time;
  }
}

interface OracleScope {
  readonly limits: Limits;
  readonly requests: OracleWindow | undefined;
  readonly tokens: OracleWindow | undefined;
  running: number;
}

/** What both the oracle and a limiter can say of a decision. */
export type Verdict =
  | { readonly admitted: true; readonly requests?: Gauge; readonly tokens?: Gauge }
  | {
      readonly admitted: false;
      readonly limit: LimitKind;
      readonly scope: string;
      /** Undefined for never. */
      readonly retryAfterMs: number | undefined;
      readonly requests?: Gauge;
      readonly tokens?: Gauge;
    };

/** What a request took. */
interface Taken {
  readonly admission: Admission;
  readonly tokenBookings: ReadonlyMap<string, Booking>;
}

export class Oracle {
  readonly scopes = new Map<string, OracleScope>();
  /** By the names that the requests were given. */
  readonly #taken = new Map<number, Taken>();
  time: number;

  constructor(limits: ReadonlyMap<string, Limits>, time: number) {
    this.time = time;
    for (const [id, scope] of limits) {
      const window = (limit: number | undefined) => (limit === undefined ? undefined : new OracleWindow(limit, time));
      const { requestsPerMinute, tokensPerMinute } = scope;
      this.scopes.set(id, {
        limits: scope,
        requests: window(requestsPerMinute),
        tokens: window(tokensPerMinute),
        running: 0,
      });
    }
  }

  pass(ms: number): void {
    this.time += ms;
    for (const { requests, tokens } of this.scopes.values()) {
      requests?.playTo(this.time);
      tokens?.playTo(this.time);
    }
  }

  /** Whether nothing but a window can refuse this admission. */
  hasFreeSlots(admission: Admission): boolean {
    return admission.scopes.every(({ id }) => slotWaitMs(this.scopes.get(id)!) === 0);
  }

  /** Decides on a request; `name` is what `settle` knows it by if it is admitted. */
  admit(admission: Admission, name: number): Verdict {
    const scopes = admission.scopes.map(({ id }) => this.scopes.get(id)!);
    let longest: { waitMs: number; limit: LimitKind; scope: string } = { waitMs: 0, limit: 'requests', scope: '' };
    scopes.forEach((scope, index) => {
      const waits: [LimitKind, number][] = [
        ['requests', scope.requests?.waitMs(1) ?? 0],
        ['tokens', scope.tokens?.waitMs(admission.tokens) ?? 0],
        ['concurrency', slotWaitMs(scope)],
      ];
      for (const [limit, waitMs] of waits) {
        if (waitMs > longest.waitMs) longest = { waitMs, limit, scope: admission.scopes[index]!.id };
      }
    });
    if (longest.waitMs > 0) {
      const { waitMs, limit, scope } = longest;
      const retryAfterMs = waitMs === Number.POSITIVE_INFINITY ? undefined : waitMs;
      return { admitted: false, limit, scope, retryAfterMs, ...tightestGauges(scopes) };
    }
    this.#take(admission, name);
    return { admitted: true, ...tightestGauges(scopes) };
  }

  settle(name: number, actualTokens: number): void {
    const { admission, tokenBookings } = this.#taken.get(name)!;
    for (const { id } of admission.scopes) {
      const scope = this.scopes.get(id)!;
      scope.running -= 1;
      if (scope.tokens === undefined) continue;
      if (actualTokens < admission.tokens) tokenBookings.get(id)!.amount = actualTokens;
      else scope.tokens.debt += actualTokens - admission.tokens;
      scope.tokens.bookDebt();
    }
  }

  #take(admission: Admission, name: number): void {
    const tokenBookings = new Map<string, Booking>();
    for (const { id } of admission.scopes) {
      const scope = this.scopes.get(id)!;
      const booking = { at: this.time, amount: admission.tokens };
      scope.requests?.bookings.push({ at: this.time, amount: 1 });
      scope.tokens?.bookings.push(booking);
      scope.running += 1;
      tokenBookings.set(id, booking);
    }
    this.#taken.set(name, { admission, tokenBookings });
  }
}

function slotWaitMs({ limits: { concurrentRequests = Number.POSITIVE_INFINITY }, running }: OracleScope): number {
  if (concurrentRequests === 0) return Number.POSITIVE_INFINITY;
  return running < concurrentRequests ? 0 : CONCURRENCY_RETRY_MS;
}

function tightestGauges(scopes: readonly OracleScope[]): { requests?: Gauge; tokens?: Gauge } {
  const tightest = (windows: readonly (OracleWindow | undefined)[]) =>
    windows
      .filter((window) => window !== undefined)
      .map((window) => window.gauge())
      .toSorted((one, other) => one.remaining - other.remaining || one.limit - other.limit)[0];
  const requests = tightest(scopes.map((scope) => scope.requests));
  const tokens = tightest(scopes.map((scope) => scope.tokens));
  return { ...(requests && { requests }), ...(tokens && { tokens }) };
}
