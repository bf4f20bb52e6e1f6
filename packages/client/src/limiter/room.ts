/** Whether and when there is room in the rolling window on one axis, beside ourselves and beside others. */
import type { Booking, Need } from './booking.js';
import { ForeignUse } from './foreign-use.js';
import { GUARD_MAX_MS, type Guard } from './guard.js';
import type { KnownLimit } from './known-limit.js';
import { NEARLY, type Reservations } from './reservations.js';
import { type Rate, type RollingWindow, WINDOW_MS } from './window.js';

/** What the rooms of all axes have in common. */
export interface RoomParts {
  readonly window: RollingWindow;
  readonly guard: Guard;
  readonly reservations: Reservations;
  /** The share of each limit that may be used. */
  readonly share: number;
}

export class Room {
  /** What others use. */
  readonly foreign: ForeignUse;
  readonly #rate: Rate;
  readonly #known: KnownLimit;
  readonly #parts: RoomParts;

  constructor(rate: Rate, known: KnownLimit, parts: RoomParts) {
    this.foreign = new ForeignUse(rate);
    this.#rate = rate;
    this.#known = known;
    this.#parts = parts;
  }

  /** What may be used of the limit that holds. */
  get limit(): number {
    return this.#withoutMargin(this.#known.value);
  }

  /** When a request fits, if nothing else comes and nothing ends. */
  opensAt(need: Need, now: number): number {
    return Math.max(this.#ownRoomAt(need, now), this.#sharedRoomAt(need, now));
  }

  /** What is left for others at a time at which a request has just been taken that fits. */
  spare(need: Need, at: number): number {
    const { window, guard } = this.#parts;
    const until = at - WINDOW_MS - guard.ms;
    const left = window.usedUntil(this.#rate, until) + this.foreign.window.usedUntil(this.#rate, until);
    return this.limit - (this.#used(at) - left) - amountOf(this.#rate, need, this.limit);
  }

  /** Whether a request would fit if nobody else used the limit. */
  isHeldUpByOthers(need: Need, now: number): boolean {
    const limit = this.#withoutMargin(this.#known.told);
    const needed = this.#ownUse(now) + amountOf(this.#rate, need, limit);
    return needed <= limit && needed + this.foreign.used > limit;
  }

  /** Whether a limit was as good as reached when a request arrived, what had only just left included. */
  isUsedUp({ sentAt, need }: Booking, now: number, share = 1): boolean {
    const { limit } = this;
    const justLeft = this.#parts.window.leftSince(this.#rate, sentAt - WINDOW_MS - GUARD_MAX_MS);
    return this.#used(now) + justLeft + amountOf(this.#rate, need, limit) > limit * share;
  }

  /** Whether there was so little room that answers under way which are longer than expected explain a refusal. */
  isMisjudged(booking: Booking, now: number): boolean {
    if (this.#rate === 'requests' || this.#known.told === undefined || this.isUsedUp(booking, now)) return false;
    return this.isUsedUp(booking, now, NEARLY);
  }

  /** When there is room in the part of a limit that is ours, as refusals taught. */
  #ownRoomAt(need: Need, now: number): number {
    const limit = this.#withoutMargin(this.#known.learnt);
    const lacking = this.#ownUse(now) + amountOf(this.#rate, need, limit) - limit;
    return lacking > 0 ? this.#reopensAt(this.#parts.window.timeOfAmount(this.#rate, lacking) ?? now) : now;
  }

  /** When there is room in a limit that we were told, beside others. */
  #sharedRoomAt(need: Need, now: number): number {
    const limit = this.#withoutMargin(this.#known.told);
    const lacking = this.#used(now) + amountOf(this.#rate, need, limit) - limit;
    if (!(lacking > 0)) return now;
    const leaving = this.#parts.window.timeOfAmount(this.#rate, lacking, this.foreign.window);
    const reopensAt = this.#reopensAt(leaving ?? now);
    return this.isHeldUpByOthers(need, now) ? Math.min(reopensAt, Math.max(now, this.foreign.askAt)) : reopensAt;
  }

  /** When what was used at a time can be used again. */
  #reopensAt(usedAt: number): number {
    return usedAt + WINDOW_MS + this.#parts.guard.ms;
  }

  /** What we and others use of the limit. */
  #used(now: number): number {
    return this.#ownUse(now) + this.foreign.used;
  }

  /** What we use, with what all answers under way will take together. */
  #ownUse(now: number): number {
    const used = this.#parts.window.used(this.#rate);
    return this.#rate === 'requests' ? used : used - this.#parts.reservations.excess(now);
  }

  /** What may be used of a limit; nothing is limited to less than one. */
  #withoutMargin(limit = Number.POSITIVE_INFINITY): number {
    return Number.isFinite(limit) ? Math.max(1, Math.floor(limit * this.#parts.share)) : limit;
  }
}

/** What a request needs on an axis. More than the limit it cannot have: the endpoint may let it through alone. */
export function amountOf(rate: Rate, need: Need, limit = Number.POSITIVE_INFINITY): number {
  return Math.min(rate === 'requests' ? 1 : need.tokens, limit);
}
