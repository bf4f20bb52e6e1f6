/**
 * The limiter of several replicas: Redis or Valkey decides, in one script and one round trip, by its own clock. What the
 * scripts do is in `redis-scripts.ts`, how they are called in `redis-calls.ts`, what to do without Redis in
 * `fallback-limiter.ts`.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../observe/clock.js';
import {
  type Admission,
  type Headroom,
  type HeadroomQuestion,
  type Limiter,
  LimiterLostError,
  type Permit,
  type Refusal,
  requireTokens,
} from './limiter.js';
import { callAdmit, callPeek, callRenew, callSettle, type RedisAdmission, readAdmit, readPeek } from './redis-calls.js';
import { type RedisClient, runScript, type ScriptCall } from './redis-client.js';
import { ADMIT, PEEK, RENEW, type RedisScript, SETTLE } from './redis-scripts.js';
import { SettlementBacklog } from './settlement-backlog.js';
import { SlotLeases } from './slot-leases.js';
import { systemTimers, type Timers } from './timers.js';

/** How long a slot of concurrency outlives the replica that held it, in ms. */
const LEASE_MS = 60_000;
/** How long Redis may take for an answer, in ms. */
const TIMEOUT_MS = 1000;

export interface RedisLimiterOptions {
  readonly client: RedisClient;
  /** What every key begins with. Default `plumb:limits:`. */
  readonly prefix?: string;
  /** After how long without an answer Redis counts as lost, in ms. Default 1000. */
  readonly timeoutMs?: number;
  /** How long a slot of concurrency outlives the replica that held it, in ms. Default 60,000. */
  readonly leaseMs?: number;
  /** Told of every settlement that is given up after minutes of trying. */
  onSettlementLost?(cause: unknown): void;
  /** Decides instead of the server's clock, which is the default and the only one that replicas share. For tests. */
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/**
 * What a replica took stays taken when it is gone, or when Redis answered too late: a reservation until it leaves the
 * window, a slot of concurrency until its lease ends, which is renewed while the request runs.
 */
export class RedisLimiter implements Limiter {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #leaseMs: number;
  readonly #clock: Clock | undefined;
  readonly #timers: Timers;
  readonly #backlog: SettlementBacklog;
  readonly #leases: SlotLeases;

  constructor(options: RedisLimiterOptions) {
    const { client, clock, timers = systemTimers } = options;
    this.#client = client;
    this.#prefix = options.prefix ?? 'plumb:limits:';
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#clock = clock;
    this.#timers = timers;
    this.#backlog = new SettlementBacklog({
      send: async (settlement) => void (await this.#run(SETTLE, settlement)),
      onGivenUp: (cause) => options.onSettlementLost?.(cause),
      clock: clock ?? systemClock,
      timers,
    });
    this.#leases = new SlotLeases({
      renew: async (lease) => void (await this.#run(RENEW, lease)),
      leaseMs: this.#leaseMs,
      timers,
    });
  }

  async admit(admission: Admission): Promise<Permit | Refusal> {
    requireTokens(admission.tokens);
    const request: RedisAdmission = { admission, permit: randomUUID(), prefix: this.#prefix };
    const reply = readAdmit(await this.#run(ADMIT, callAdmit(request, this.#leaseMs)), admission);
    if ('admitted' in reply) return reply;
    const { headroom, takenAt } = reply;
    return { admitted: true, headroom, settle: this.#hold(request, takenAt) };
  }

  async peek(question: HeadroomQuestion): Promise<Headroom> {
    return readPeek(await this.#run(PEEK, callPeek(question, this.#prefix)), question);
  }

  /** Stops renewing slots and sending settlements again. The client is its owner's to close. */
  close(): void {
    this.#leases.close();
    this.#backlog.close();
  }

  /** Holds what a request was given until the returned function settles it. */
  #hold(request: RedisAdmission, takenAt: number): Permit['settle'] {
    this.#leases.hold(request.permit, callRenew(request, this.#leaseMs));
    let settled = false;
    return (actualTokens) => {
      requireTokens(actualTokens);
      if (settled) return;
      settled = true;
      this.#leases.release(request.permit);
      return this.#settle(callSettle(request, takenAt, actualTokens));
    };
  }

  async #settle(settlement: ScriptCall): Promise<void> {
    try {
      await this.#run(SETTLE, settlement);
    } catch (cause) {
      this.#backlog.keep(settlement, cause);
    }
  }

  /** Runs a script at the time that holds. Rejects with a LimiterLostError when Redis fails or does not answer in time. */
  async #run(script: RedisScript, call: ScriptCall): Promise<unknown> {
    const time = this.#clock === undefined ? '' : String(this.#clock.now());
    const timed = { ...call, arguments: [time, ...call.arguments] };
    let cancel = () => {};
    const timeout = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new Error(`Redis did not answer within ${this.#timeoutMs} ms.`));
      cancel = this.#timers.after(this.#timeoutMs, giveUp);
    });
    try {
      return await Promise.race([runScript(this.#client, script, timed), timeout]);
    } catch (cause) {
      throw new LimiterLostError(cause);
    } finally {
      cancel();
    }
  }
}
