/**
 * The limiter as slowly and plainly as it can be said: nothing is ever forgotten, every question is answered by adding up
 * all bookings, and the future is found by playing it.
 */
import type { Admission, Gauge, Headroom, HeadroomQuestion, LimitKind, Limits } from '#server/limits/index.js';

const WINDOW_MS = 60_000;
const CONCURRENCY_RETRY_MS = 1000;

interface Booking {
  readonly at: number;
  amount: number;
  /** The limit under which it was booked. */
  readonly limit: number;
}

/** One axis of one scope. */
export class OracleWindow {
  /** Undefined while the axis is not limited. */
  limit: number | undefined;
  /** The last limit above 0, at whose pace debts are booked. */
  pace = 0;
  readonly bookings: Booking[] = [];
  debt = 0;
  time: number;

  constructor(time: number) {
    this.time = time;
  }

  /** What the half-open span of 60 s that ends at a time holds. */
  amountIn(end: number): number {
    return this.bookings
      .filter(({ at }) => end - WINDOW_MS < at && at <= end)
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  change(limit: number | undefined): void {
    this.limit = limit;
    if (limit !== undefined && limit > 0) this.pace = limit;
    this.bookDebt();
  }

  /** Books under the limit; nothing where there is none. */
  book(amount: number): Booking | undefined {
    if (this.limit === undefined) return undefined;
    const booking = { at: this.time, amount, limit: this.limit };
    this.bookings.push(booking);
    return booking;
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
    const amount = Math.min(this.debt, this.pace - this.amountIn(this.time));
    if (amount <= 0) return;
    this.bookings.push({ at: this.time, amount, limit: this.pace });
    this.debt -= amount;
  }

  waitMs(amount: number): number {
    const { limit } = this;
    if (limit === undefined) return 0;
    if (limit === 0 || amount > limit) return Number.POSITIVE_INFINITY;
    return this.msUntil((future) => future.debt === 0 && future.amountIn(future.time) + amount <= limit);
  }

  gauge(): Gauge | undefined {
    const { limit } = this;
    if (limit === undefined) return undefined;
    const remaining = Math.max(0, limit - this.amountIn(this.time));
    const resetMs = this.msUntil((future) => future.debt === 0 && future.amountIn(future.time) === 0);
    return { limit, remaining, resetMs };
  }

  msUntil(isTrue: (future: OracleWindow) => boolean): number {
    const future = this.copy();
    while (!isTrue(future)) future.playTo(future.nextDeparture()!);
    return future.time - this.time;
  }

  copy(): OracleWindow {
    const copy = new OracleWindow(this.time);
    copy.limit = this.limit;
    copy.pace = this.pace;
    copy.debt = this.debt;
    copy.bookings.push(...this.bookings.map((booking) => ({ ...booking })));
    return copy;
  }
}

interface OracleScope {
  limits: Limits;
  readonly requests: OracleWindow;
  readonly tokens: OracleWindow;
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
  /** By scope; those of scopes without a limit are missing. */
  readonly tokenBookings: ReadonlyMap<string, Booking>;
}

export class Oracle {
  readonly #scopes = new Map<string, OracleScope>();
  /** By the names that the requests were given. */
  readonly #taken = new Map<number, Taken>();
  time: number;

  constructor(time: number) {
    this.time = time;
  }

  /** Every window of every scope that was ever asked for. */
  get windows(): OracleWindow[] {
    return [...this.#scopes.values()].flatMap(({ requests, tokens }) => [requests, tokens]);
  }

  pass(ms: number): void {
    this.time += ms;
    for (const window of this.windows) window.playTo(this.time);
  }

  /** Decides on a request; `name` is what `settle` knows it by if it is admitted. */
  admit(admission: Admission, name: number): Verdict {
    const scopes = admission.scopes.map(({ id, limits }) => this.#open(id, limits));
    let longest: { waitMs: number; limit: LimitKind; scope: string } = { waitMs: 0, limit: 'requests', scope: '' };
    scopes.forEach((scope, index) => {
      const waits: [LimitKind, number][] = [
        ['requests', scope.requests.waitMs(1)],
        ['tokens', scope.tokens.waitMs(admission.tokens)],
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

  /** What is left when some more time has passed that nobody else knows of. */
  peek({ scopes }: HeadroomQuestion, passedMs: number): Headroom {
    const futures = scopes.map(({ id, limits }) => {
      const known = this.#scopes.get(id);
      const requests = known?.requests.copy() ?? new OracleWindow(this.time);
      const tokens = known?.tokens.copy() ?? new OracleWindow(this.time);
      requests.playTo(this.time + passedMs);
      tokens.playTo(this.time + passedMs);
      requests.change(limits.requestsPerMinute);
      tokens.change(limits.tokensPerMinute);
      return { requests, tokens };
    });
    return tightestGauges(futures);
  }

  settle(name: number, actualTokens: number): void {
    const { admission, tokenBookings } = this.#taken.get(name)!;
    for (const { id } of admission.scopes) {
      const scope = this.#scopes.get(id)!;
      scope.running -= 1;
      const booking = tokenBookings.get(id);
      if (booking === undefined) continue;
      if (actualTokens < admission.tokens) booking.amount = actualTokens;
      else scope.tokens.debt += actualTokens - admission.tokens;
      scope.tokens.bookDebt();
    }
  }

  /** A scope, under the limits that hold from now on. */
  #open(id: string, limits: Limits): OracleScope {
    const { time } = this;
    const scope = this.#scopes.get(id) ?? {
      limits,
      requests: new OracleWindow(time),
      tokens: new OracleWindow(time),
      running: 0,
    };
    this.#scopes.set(id, scope);
    scope.limits = limits;
    scope.requests.change(limits.requestsPerMinute);
    scope.tokens.change(limits.tokensPerMinute);
    return scope;
  }

  #take(admission: Admission, name: number): void {
    const tokenBookings = new Map<string, Booking>();
    for (const { id } of admission.scopes) {
      const scope = this.#scopes.get(id)!;
      scope.running += 1;
      scope.requests.book(1);
      const booking = scope.tokens.book(admission.tokens);
      if (booking !== undefined) tokenBookings.set(id, booking);
    }
    this.#taken.set(name, { admission, tokenBookings });
  }
}

function slotWaitMs({ limits: { concurrentRequests = Number.POSITIVE_INFINITY }, running }: OracleScope): number {
  if (concurrentRequests === 0) return Number.POSITIVE_INFINITY;
  return running < concurrentRequests ? 0 : CONCURRENCY_RETRY_MS;
}

function tightestGauges(scopes: readonly Pick<OracleScope, 'requests' | 'tokens'>[]): Headroom {
  const tightest = (windows: readonly OracleWindow[]) =>
    windows
      .map((window) => window.gauge())
      .filter((gauge) => gauge !== undefined)
      .toSorted((one, other) => one.remaining - other.remaining || one.limit - other.limit)[0];
  const requests = tightest(scopes.map((scope) => scope.requests));
  const tokens = tightest(scopes.map((scope) => scope.tokens));
  return { ...(requests && { requests }), ...(tokens && { tokens }) };
}
