/**
 * The books of several processes: each has a ledger of its own and all of them keep theirs by the same log, so all come to
 * the same. What a process does, it writes down; what others did, it reads and does too.
 */
import type { Booking, LedgerOptions, Need, Outlook, Refused } from '../limiter/booking.js';
import { Ledger } from '../limiter/ledger.js';
import type { AxisState, Refusal } from '../limiter/limiter.js';
import type { Books } from '../limiter/scheduler.js';
import { type Rate, WINDOW_MS } from '../limiter/window.js';

/** One line of the log; `by` is the process, `id` the request, `at` the time in ms since the epoch. */
export type Entry =
  | { readonly did: 'take'; readonly by: string; readonly id: string; readonly at: number; readonly need: Need }
  | { readonly did: 'answer'; readonly id: string; readonly at: number; readonly headers: Record<string, string> }
  | { readonly did: 'settle'; readonly id: string; readonly at: number; readonly tokens?: number }
  | { readonly did: 'abandon'; readonly id: string; readonly at: number }
  | {
      readonly did: 'refuse';
      readonly id: string;
      readonly at: number;
      readonly refusal: Refusal;
      readonly headers?: Record<string, string>;
    };

/** For how long entries can still matter, in ms. */
const REMEMBERED_MS = 2.5 * WINDOW_MS;

interface Known {
  readonly booking: Booking;
  readonly by: string;
}

export class SharedBooks implements Books {
  readonly #options: LedgerOptions;
  readonly #self: string;
  #ledger: Ledger;
  #running = new Map<string, Known>();
  /** The ids of requests of this process. A new ledger has other bookings for them. */
  readonly #ids = new WeakMap<Booking, string>();
  #unwritten: Entry[] = [];
  #recent: Entry[] = [];
  #requests = 0;

  constructor(options: LedgerOptions, self: string) {
    this.#options = options;
    this.#self = self;
    this.#ledger = new Ledger(options);
  }

  get refusals(): number {
    return this.#ledger.refusals;
  }

  get guardMs(): number {
    return this.#ledger.guardMs;
  }

  /** The processes that have requests under way. */
  get processes(): ReadonlySet<string> {
    return new Set([...this.#running.values()].map(({ by }) => by));
  }

  /** What is to be appended to the log. */
  takeUnwritten(): Entry[] {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    return unwritten;
  }

  /** Begins anew, for a log that is another one. */
  reset(): void {
    this.#ledger = new Ledger(this.#options);
    this.#running = new Map();
    this.#recent = [];
  }

  /** Does what others did. */
  replay(entry: Entry): void {
    this.#remember(entry);
    if (entry.did === 'take') {
      this.#running.set(entry.id, { booking: this.#ledger.take(entry.need, entry.at), by: entry.by });
      return;
    }
    const known = this.#running.get(entry.id);
    if (known !== undefined) this.#end(known.booking, entry);
  }

  /** The requests of a process that has died are over; what was set aside for them stays booked. */
  bury(process: string, now: number): void {
    for (const [id, { by }] of this.#running) if (by === process) this.#do({ did: 'settle', id, at: now });
  }

  /** What of the log still counts, for a shorter one. */
  recall(now: number): Entry[] {
    this.#recent = this.#recent.filter(({ id, at }) => this.#running.has(id) || at > now - REMEMBERED_MS);
    return this.#recent;
  }

  quote(promptTokens: number, answerTokensMax: number | undefined): Need {
    return this.#ledger.quote(promptTokens, answerTokensMax);
  }

  outlook(need: Need, now: number): Outlook {
    return this.#ledger.outlook(need, now);
  }

  spare(rate: Rate, need: Need, at: number): number {
    return this.#ledger.spare(rate, need, at);
  }

  axes(now: number): AxisState[] {
    return this.#ledger.axes(now);
  }

  take(need: Need, now: number): Booking {
    const id = `${this.#self}/${this.#requests++}`;
    const booking = this.#ledger.take(need, now);
    this.#running.set(id, { booking, by: this.#self });
    this.#ids.set(booking, id);
    this.#write({ did: 'take', by: this.#self, id, at: now, need });
    return booking;
  }

  answered(booking: Booking, headers: Headers, now: number): void {
    const id = this.#ids.get(booking);
    if (id !== undefined) this.#do({ did: 'answer', id, at: now, headers: aboutLimits(headers) });
  }

  settle(booking: Booking, totalTokens: number | undefined, now: number): void {
    const id = this.#ids.get(booking);
    if (id !== undefined)
      this.#do({ did: 'settle', id, at: now, ...(totalTokens !== undefined && { tokens: totalTokens }) });
  }

  abandon(booking: Booking, now: number): void {
    const id = this.#ids.get(booking);
    if (id !== undefined) this.#do({ did: 'abandon', id, at: now });
  }

  refused(booking: Booking, refusal: Refusal, now: number, headers?: Headers): Refused {
    const id = this.#ids.get(booking) ?? '';
    const refused = this.#do({
      did: 'refuse',
      id,
      at: now,
      refusal,
      ...(headers && { headers: aboutLimits(headers) }),
    });
    return refused ?? { axis: refusal.axis ?? 'requests', heldUntil: now };
  }

  /** Does something and writes it down; nothing when the request is over already. */
  #do(entry: Exclude<Entry, { did: 'take' }>): Refused | undefined {
    const known = this.#running.get(entry.id);
    if (known === undefined) return undefined;
    this.#write(entry);
    return this.#end(known.booking, entry);
  }

  #end(booking: Booking, entry: Exclude<Entry, { did: 'take' }>): Refused | undefined {
    if (entry.did === 'answer') {
      this.#ledger.answered(booking, new Headers(entry.headers), entry.at);
      return undefined;
    }
    this.#running.delete(entry.id);
    if (entry.did === 'settle') this.#ledger.settle(booking, entry.tokens, entry.at);
    if (entry.did === 'abandon') this.#ledger.abandon(booking, entry.at);
    if (entry.did !== 'refuse') return undefined;
    return this.#ledger.refused(booking, entry.refusal, entry.at, entry.headers && new Headers(entry.headers));
  }

  #write(entry: Entry): void {
    this.#unwritten.push(entry);
    this.#remember(entry);
  }

  #remember(entry: Entry): void {
    this.#recent.push(entry);
  }
}

/** Only what says something about limits is written down. */
function aboutLimits(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => /ratelimit|processing-ms|service-time/.test(name)));
}
