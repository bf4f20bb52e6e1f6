/**
 * All that is known about an endpoint's limits and their use, and the one place that decides who fits. Knows no queue, no
 * timer and no clock: every method is told the time.
 */
import type { Booking, LedgerOptions, Need, Outlook, Refused } from './booking.js';
import { Concurrency } from './concurrency.js';
import { GUARD_MAX_MS, Guard } from './guard.js';
import { type HeaderLimit, type HeaderLimits, readLimitHeaders } from './headers.js';
import { Hold } from './hold.js';
import { KnownLimit } from './known-limit.js';
import type { Axis, AxisState, Refusal } from './limiter.js';
import { Pace } from './pace.js';
import { Reservations } from './reservations.js';
import { Room } from './room.js';
import { Verdict } from './verdict.js';
import { type Rate, RollingWindow, WINDOW_MS } from './window.js';

export const RATES: readonly Rate[] = ['requests', 'tokens'];

/** What was sent before the first headers were seen is not looked at so closely. */
const NOTHING_CERTAIN: Readonly<Record<Rate, number>> = {
  requests: Number.POSITIVE_INFINITY,
  tokens: Number.POSITIVE_INFINITY,
};
/** A learnt limit of tokens is tried again by this share of it. */
const TOKENS_STEP = 0.005;
/** A limit counts as used up from this share of it on, when a refusal does not say which limit it was. */
const USED_UP = 0.98;
/** Only for the limit of a window an endpoint knows a time to wait that is longer than this, in ms. */
const CONCURRENCY_HINT_MAX_MS = 2000;
/** An endpoint that lacks this share of what we set aside for answers does not set aside `max_tokens`. */
const HELD_MIN = 0.4;

export class Ledger {
  readonly #verdict = new Verdict();
  readonly window = new RollingWindow();
  readonly guard = new Guard();
  readonly concurrency: Concurrency;
  readonly limits: Readonly<Record<Rate, KnownLimit>>;
  readonly #rooms: Readonly<Record<Rate, Room>>;
  readonly #holds: Readonly<Record<Axis, Hold>> = {
    requests: new Hold(this.#verdict),
    tokens: new Hold(this.#verdict),
    concurrency: new Hold(this.#verdict),
  };
  readonly #reservations = new Reservations(this.window);
  readonly #share: number;
  readonly #pace: Pace;
  readonly #chargesAtCompletion: boolean;
  #refusals = 0;
  #seesHeaders = false;

  constructor({ limits = {}, margin = 0, shape = 'burst', charge = 'admission' }: LedgerOptions) {
    this.limits = {
      requests: new KnownLimit(limits.requestsPerMinute, this.#verdict),
      tokens: new KnownLimit(limits.tokensPerMinute, this.#verdict, (limit) =>
        Math.max(1, Math.ceil(limit * TOKENS_STEP)),
      ),
    };
    this.concurrency = new Concurrency(limits.concurrency, this.#verdict);
    this.#share = 1 - margin / 100;
    const parts = { window: this.window, guard: this.guard, reservations: this.#reservations, share: this.#share };
    this.#rooms = {
      requests: new Room('requests', this.limits.requests, parts),
      tokens: new Room('tokens', this.limits.tokens, parts),
    };
    this.#pace = new Pace(shape === 'smooth', (rate) => this.#limit(rate));
    this.#chargesAtCompletion = charge === 'completion';
    if (charge === 'reservation') this.#reservations.setMostAside();
  }

  get guardMs(): number {
    return this.guard.ms;
  }

  get refusals(): number {
    return this.#refusals;
  }

  /** What to set aside for a request: its prompt, and what its answer is expected or, where that counts, able to take. */
  quote(promptTokens: number, answerTokensMax: number | undefined): Need {
    return this.#reservations.quote(promptTokens, answerTokensMax);
  }

  /** Brings the window up to the time. */
  advance(now: number): void {
    this.guard.relax(now);
    const leftUntil = now - WINDOW_MS - this.guard.ms;
    this.window.advance(leftUntil, now - WINDOW_MS - 2 * GUARD_MAX_MS);
    for (const rate of RATES) this.#rooms[rate].foreign.window.advance(leftUntil, leftUntil);
  }

  /** When a request fits, if nothing else comes and nothing ends. */
  outlook(need: Need, now: number): Outlook {
    this.advance(now);
    let latest: Outlook = { at: now, axis: undefined };
    for (const axis of ['requests', 'tokens', 'concurrency'] as const) {
      const at = axis === 'concurrency' ? this.#placeAt(now) : this.#roomAt(axis, need, now);
      if (at > latest.at) latest = { at, axis };
    }
    return this.#pace.slow(latest, need);
  }

  /** Room that is left on both axes for others at a time, when a request has been taken then that fits. */
  spare(rate: Rate, need: Need, at: number): number {
    return this.#rooms[rate].spare(need, at);
  }

  /** Books a request that fits. */
  take(need: Need, now: number): Booking {
    this.advance(now);
    for (const rate of RATES) if (this.#rooms[rate].isHeldUpByOthers(need, now)) this.#rooms[rate].foreign.asked(now);
    for (const axis of ['requests', 'tokens', 'concurrency'] as const) this.#holds[axis].pass(now);
    this.#pace.pass(need, now);
    const uncertainAtSend = this.#seesHeaders ? this.#uncertain(now) : NOTHING_CERTAIN;
    const entry = this.window.add(now, 1, need.tokens);
    this.concurrency.begin();
    const usedAtSend = { requests: this.window.used('requests'), tokens: this.window.used('tokens') };
    const answersAtSend = this.#reservations.answers + need.tokens - need.promptTokens;
    const booking = {
      entry,
      sentAt: now,
      need,
      usedAtSend,
      uncertainAtSend,
      answersAtSend,
      isAnswered: false,
      isOver: false,
    };
    this.#reservations.begin(booking);
    return booking;
  }

  /** The answer of a request has begun, or its refusal: both say that it has arrived, and what is left. */
  answered(booking: Booking, headers: Headers, now: number): void {
    if (booking.isOver || booking.isAnswered) return;
    booking.isAnswered = true;
    const read = readLimitHeaders(headers, now);
    this.guard.observe(Math.max(0, now - booking.sentAt - (read.processingMs ?? 0)), now);
    this.#readHeaders(booking, read, now);
  }

  #readHeaders(booking: Booking, read: HeaderLimits, now: number): void {
    if (read.tokens?.remaining !== undefined && !this.#reservations.areHeld && !this.#chargesAtCompletion)
      this.#reservations.setMostAside();
    if (read.requests !== undefined || read.tokens !== undefined) this.#seesHeaders = true;
    for (const rate of RATES) {
      const reading = read[rate];
      if (reading?.limit !== undefined) this.limits[rate].state(reading.limit);
      if (reading !== undefined) this.#reconcile(rate, reading, booking, now);
    }
  }

  /** A request has ended; without its tokens it keeps what was set aside for it. */
  settle(booking: Booking, totalTokens: number | undefined, now: number): void {
    if (!this.#end(booking)) return;
    this.advance(now);
    if (!booking.isAnswered) this.guard.observe(now - booking.sentAt, now);
    for (const hold of Object.values(this.#holds)) hold.succeed(booking.sentAt);
    if (totalTokens === undefined) return;
    this.#reservations.observe(totalTokens - booking.need.promptTokens, now - booking.sentAt);
    const reserved = Math.max(booking.need.tokens, this.window.amount(booking.entry, 'tokens'));
    if (booking.sentAt <= this.limits.tokens.cutAt) this.limits.tokens.amend(totalTokens - reserved);
    if (this.#chargesAtCompletion) {
      this.window.correct(booking.entry, 'tokens', 0);
      this.window.add(now, 0, totalTokens);
      return;
    }
    // What was set aside in excess is free again since the beginning. What was used in excess is counted from now on, as
    // endpoints do: when the request came, nobody could know.
    this.window.correct(booking.entry, 'tokens', Math.min(reserved, totalTokens));
    if (this.#reservations.areGivenBack) this.#holds.tokens.gaveBack(reserved - totalTokens, now);
    if (totalTokens > reserved) this.window.add(now, 0, totalTokens - reserved);
  }

  /** A request was never sent, or never arrived. */
  abandon(booking: Booking, now: number): void {
    if (this.#end(booking)) this.#giveBack(booking, now);
  }

  /** A request was refused for the limits; says for which one, and until when nothing leaves on that axis. */
  refused(booking: Booking, refusal: Refusal, now: number, headers?: Headers): Refused {
    this.#end(booking);
    if (headers !== undefined) this.#readHeaders(booking, readLimitHeaders(headers, now), now);
    this.#giveBack(booking, now);
    this.#refusals += 1;
    this.#verdict.observe(now - booking.sentAt);
    const axis = refusal.axis ?? this.#suspect(booking, refusal, now);
    if (axis === 'concurrency') this.#refusedPlace(booking, refusal, now);
    else this.#refusedRoom(axis, booking, refusal, now);
    return { axis, heldUntil: this.#holds[axis].until };
  }

  axes(now: number): AxisState[] {
    this.advance(now);
    const { concurrency } = this;
    return [
      ...RATES.map((axis) => ({
        axis,
        limit: this.limits[axis].value,
        origin: this.limits[axis].origin,
        used: this.window.used(axis),
      })),
      { axis: 'concurrency', limit: concurrency.known, origin: concurrency.origin, used: concurrency.running },
    ];
  }

  #end(booking: Booking): boolean {
    if (booking.isOver) return false;
    booking.isOver = true;
    this.#reservations.end(booking);
    this.concurrency.end();
    return true;
  }

  #giveBack(booking: Booking, now: number): void {
    this.advance(now);
    for (const rate of RATES) this.window.correct(booking.entry, rate, 0);
  }

  /** When there is room in the window for a request. */
  #roomAt(rate: Rate, need: Need, now: number): number {
    const held = this.#holds[rate].until;
    const open = this.#rooms[rate].opensAt(need, now);
    if (open <= now) return held;
    this.limits[rate].raise(now);
    const again = this.#rooms[rate].opensAt(need, now);
    return Math.max(held, Math.min(again, Math.max(now, this.limits[rate].raiseAt)));
  }

  #placeAt(now: number): number {
    const { concurrency } = this;
    const held = this.#holds.concurrency.until;
    if (concurrency.running >= this.#places()) concurrency.raise(now);
    if (concurrency.running < this.#places()) return held;
    return Math.max(held, Math.max(now, concurrency.raiseAt));
  }

  #places(): number {
    return Math.max(1, Math.floor(this.concurrency.value * this.#share));
  }

  /** What may be used of the limit that holds. */
  #limit(rate: Rate): number {
    return this.#rooms[rate].limit;
  }

  /** What is sent less than a guard ago may not have arrived; what is about to leave may have left at the endpoint. */
  #uncertain(now: number): Record<Rate, number> {
    const { ms } = this.guard;
    const uncertain = (rate: Rate) =>
      this.window.addedAfter(rate, now - ms) + this.window.usedUntil(rate, now - WINDOW_MS + ms);
    return { requests: uncertain('requests'), tokens: uncertain('tokens') };
  }

  #reconcile(
    rate: Rate,
    { limit = this.limits[rate].told, remaining }: HeaderLimit,
    booking: Booking,
    now: number,
  ): void {
    if (limit === undefined || remaining === undefined || !Number.isFinite(limit)) return;
    const sentSince = this.window.addedSince(rate, booking.entry);
    const sentLater = this.window.addedAfter(rate, booking.sentAt + this.guard.ms);
    const most = booking.usedAtSend[rate] + Math.max(0, sentSince - sentLater);
    const least = booking.usedAtSend[rate] - booking.uncertainAtSend[rate];
    const used = limit - remaining;
    if (rate === 'tokens' && used < least - booking.answersAtSend * HELD_MIN) this.#reservations.setTypicalAside();
    const countedAt = Math.min(now, booking.sentAt + this.guard.ms);
    this.#rooms[rate].foreign.reconcile(used, { most, least }, countedAt, now);
  }

  /** Which limit refused, when nobody says. */
  #suspect(booking: Booking, { retryAfterMs = 0 }: Refusal, now: number): Axis {
    const usedUp = RATES.find((rate) => this.#rooms[rate].isUsedUp(booking, now, USED_UP));
    if (usedUp !== undefined) return usedUp;
    const isRate =
      retryAfterMs > CONCURRENCY_HINT_MAX_MS || this.concurrency.running < this.concurrency.certain(booking.sentAt);
    return isRate ? this.#fullerRate(booking) : 'concurrency';
  }

  /** The limit that is nearer to being used up; requests when both are unknown. */
  #fullerRate({ need }: Booking): Rate {
    const requests = this.window.used('requests') / this.#limit('requests');
    const tokens = (this.#reservations.most + need.most) / this.#limit('tokens');
    return tokens > requests ? 'tokens' : 'requests';
  }

  #refusedPlace(booking: Booking, { limit, retryAfterMs }: Refusal, now: number): void {
    const mustWait = this.concurrency.refused(booking.sentAt, limit, now);
    // When a place is free again nobody can know better than we, as long as all that run are ours.
    if (mustWait || this.concurrency.running === 0) this.#holds.concurrency.begin(retryAfterMs, now);
  }

  #refusedRoom(rate: Rate, booking: Booking, { limit, retryAfterMs }: Refusal, now: number): void {
    const known = this.limits[rate];
    const isNews = limit !== undefined && known.told === undefined;
    if (limit !== undefined) known.state(limit);
    if (rate === 'tokens' && this.#reservations.isExplainedByMost(booking.need, this.#limit('tokens')))
      this.#reservations.setMostAside();
    else if (this.#rooms[rate].isMisjudged(booking, now)) this.#hold(rate, booking, retryAfterMs, now);
    else if (isNews && this.#rooms[rate].isUsedUp(booking, now)) return;
    else if (!known.isTrying(booking.sentAt) && this.#rooms[rate].isUsedUp(booking, now))
      this.guard.widen(booking.sentAt, now);
    else known.learn(this.window.used(rate), now, retryAfterMs);
    // Where the books explain it they know better: a hint is given for the case that nothing ends before.
    if (this.#rooms[rate].opensAt(booking.need, now) <= now) this.#hold(rate, booking, retryAfterMs, now);
  }

  #hold(rate: Rate, { need }: Booking, retryAfterMs: number | undefined, now: number): void {
    this.#holds[rate].begin(retryAfterMs, now, rate === 'tokens' ? need.tokens : undefined);
  }
}
