/**
 * All that is known about an endpoint's limits and their use, and the one place that decides who fits. Knows no queue, no
 * timer and no clock: every method is told the time.
 */
import type { Booking, LedgerOptions, Need, Outlook, Refused } from './booking.js';
import { Concurrency } from './concurrency.js';
import { ForeignUse } from './foreign-use.js';
import { GUARD_MAX_MS, Guard } from './guard.js';
import { type HeaderLimit, type HeaderLimits, readLimitHeaders } from './headers.js';
import { Hold } from './hold.js';
import { KnownLimit } from './known-limit.js';
import type { Axis, AxisState, Refusal } from './limiter.js';
import { NEARLY, Reservations } from './reservations.js';
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
  readonly #foreign: Readonly<Record<Rate, ForeignUse>>;
  readonly #holds: Readonly<Record<Axis, Hold>> = {
    requests: new Hold(this.#verdict),
    tokens: new Hold(this.#verdict),
    concurrency: new Hold(this.#verdict),
  };
  readonly #reservations = new Reservations(this.window);
  readonly #share: number;
  readonly #isSmooth: boolean;
  readonly #chargesAtCompletion: boolean;
  #paceAt = Number.NEGATIVE_INFINITY;
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
    this.#foreign = { requests: new ForeignUse('requests'), tokens: new ForeignUse('tokens') };
    this.#share = 1 - margin / 100;
    this.#isSmooth = shape === 'smooth';
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
    for (const rate of RATES) this.#foreign[rate].window.advance(leftUntil, leftUntil);
  }

  /** When a request fits, if nothing else comes and nothing ends. */
  outlook(need: Need, now: number): Outlook {
    this.advance(now);
    let latest: Outlook = { at: now, axis: undefined };
    for (const axis of ['requests', 'tokens', 'concurrency'] as const) {
      const at = axis === 'concurrency' ? this.#placeAt(now) : this.#roomAt(axis, need, now);
      if (at > latest.at) latest = { at, axis };
    }
    if (this.#isSmooth && this.#paceAt > latest.at) return { at: this.#paceAt, axis: this.#pacingAxis(need) };
    return latest;
  }

  /** Room that is left on both axes for others at a time, when a request has been taken then that fits. */
  spare(rate: Rate, need: Need, at: number): number {
    const limit = this.#limit(rate);
    const until = at - WINDOW_MS - this.guard.ms;
    const left = this.window.usedUntil(rate, until) + this.#foreign[rate].window.usedUntil(rate, until);
    return limit - (this.#used(rate, at) - left) - amountOf(rate, need, limit);
  }

  /** Books a request that fits. */
  take(need: Need, now: number): Booking {
    this.advance(now);
    for (const rate of RATES) if (this.#isHeldUpByOthers(rate, need, now)) this.#foreign[rate].asked(now);
    for (const axis of ['requests', 'tokens', 'concurrency'] as const) this.#holds[axis].pass(now);
    if (this.#isSmooth) this.#paceAt = Math.max(this.#paceAt, now) + this.#gapMs(need);
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

  /** What we and others use of a limit. */
  #used(rate: Rate, now: number): number {
    return this.#ownUse(rate, now) + this.#foreign[rate].used;
  }

  /** What we use, with what all answers under way will take together. */
  #ownUse(rate: Rate, now: number): number {
    const used = this.window.used(rate);
    return rate === 'requests' ? used : used - this.#reservations.excess(now);
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
    const open = this.#windowOpensAt(rate, need, now);
    if (open <= now) return held;
    this.limits[rate].raise(now);
    const again = this.#windowOpensAt(rate, need, now);
    return Math.max(held, Math.min(again, Math.max(now, this.limits[rate].raiseAt)));
  }

  #windowOpensAt(rate: Rate, need: Need, now: number): number {
    return Math.max(this.#ownRoomAt(rate, need, now), this.#sharedRoomAt(rate, need, now));
  }

  /** When there is room in the part of a limit that is ours, as refusals taught. */
  #ownRoomAt(rate: Rate, need: Need, now: number): number {
    const limit = this.#withoutMargin(this.limits[rate].learnt);
    const lacking = this.#ownUse(rate, now) + amountOf(rate, need, limit) - limit;
    if (!(lacking > 0)) return now;
    return (this.window.timeOfAmount(rate, lacking) ?? now) + WINDOW_MS + this.guard.ms;
  }

  /** When there is room in a limit that we were told, beside others. */
  #sharedRoomAt(rate: Rate, need: Need, now: number): number {
    const limit = this.#withoutMargin(this.limits[rate].told);
    const lacking = this.#used(rate, now) + amountOf(rate, need, limit) - limit;
    if (!(lacking > 0)) return now;
    const leaving = this.window.timeOfAmount(rate, lacking, this.#foreign[rate].window);
    const leavesAt = (leaving ?? now) + WINDOW_MS + this.guard.ms;
    if (!this.#isHeldUpByOthers(rate, need, now)) return leavesAt;
    return Math.min(leavesAt, Math.max(now, this.#foreign[rate].askAt));
  }

  /** Whether a request would fit if nobody else used the limit. */
  #isHeldUpByOthers(rate: Rate, need: Need, now: number): boolean {
    const limit = this.#withoutMargin(this.limits[rate].told);
    const needed = this.#ownUse(rate, now) + amountOf(rate, need, limit);
    return needed <= limit && needed + this.#foreign[rate].used > limit;
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

  /** What may be used of a limit; nothing is limited to less than one. */
  #withoutMargin(limit = Number.POSITIVE_INFINITY): number {
    return Number.isFinite(limit) ? Math.max(1, Math.floor(limit * this.#share)) : limit;
  }

  /** What may be used of the limit that holds. */
  #limit(rate: Rate): number {
    return this.#withoutMargin(this.limits[rate].value);
  }

  /** How long after a request the next one may leave, where they are to be spread evenly. */
  #gapMs(need: Need): number {
    const shares = RATES.map((rate) => amountOf(rate, need) / this.#limit(rate));
    return WINDOW_MS * Math.max(...shares);
  }

  #pacingAxis(need: Need): Axis {
    const [requests, tokens] = RATES.map((rate) => amountOf(rate, need) / this.#limit(rate));
    return requests! >= tokens! ? 'requests' : 'tokens';
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
    const sentSince = this.window.addedAfter(rate, booking.sentAt);
    const sentLater = this.window.addedAfter(rate, booking.sentAt + this.guard.ms);
    const most = booking.usedAtSend[rate] + Math.max(0, sentSince - sentLater);
    const least = booking.usedAtSend[rate] - booking.uncertainAtSend[rate];
    const used = limit - remaining;
    if (rate === 'tokens' && used < least - booking.answersAtSend * HELD_MIN) this.#reservations.setTypicalAside();
    const countedAt = Math.min(now, booking.sentAt + this.guard.ms);
    this.#foreign[rate].reconcile(used, { most, least }, countedAt, now);
  }

  /** Whether there was so little room that answers under way which are longer than expected explain a refusal. */
  #isMisjudged(rate: Rate, booking: Booking, now: number): boolean {
    const { told } = this.limits[rate];
    if (rate === 'requests' || told === undefined || this.#isUsedUp(rate, booking, now)) return false;
    return this.#isUsedUp(rate, booking, now, NEARLY);
  }

  /** Which limit refused, when nobody says. */
  #suspect(booking: Booking, { retryAfterMs = 0 }: Refusal, now: number): Axis {
    const usedUp = RATES.find((rate) => this.#isUsedUp(rate, booking, now, USED_UP));
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

  /** Whether a limit was as good as reached when a request arrived, what had only just left included. */
  #isUsedUp(rate: Rate, { sentAt, need }: Booking, now: number, share = 1): boolean {
    const limit = this.#limit(rate);
    const justLeft = this.window.leftSince(rate, sentAt - WINDOW_MS - GUARD_MAX_MS);
    return this.#used(rate, now) + justLeft + amountOf(rate, need, limit) > limit * share;
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
    else if (this.#isMisjudged(rate, booking, now)) this.#holds[rate].begin(retryAfterMs, now);
    else if (isNews && this.#isUsedUp(rate, booking, now)) return;
    else if (!known.isTrying(booking.sentAt) && this.#isUsedUp(rate, booking, now))
      this.guard.widen(booking.sentAt, now);
    else known.learn(this.window.used(rate), now, retryAfterMs);
    // Where the books explain it they know better: a hint is given for the case that nothing ends before.
    if (this.#windowOpensAt(rate, booking.need, now) <= now) this.#holds[rate].begin(retryAfterMs, now);
  }
}

/** What a request needs on an axis. More than the limit it cannot have: the endpoint may let it through alone. */
function amountOf(rate: Rate, need: Need, limit = Number.POSITIVE_INFINITY): number {
  return Math.min(rate === 'requests' ? 1 : need.tokens, limit);
}
