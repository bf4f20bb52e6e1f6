/**
 * Lets requests wait for room instead of refusing them at once. Each account has a line of its own, first come, first
 * served, and only its head asks the limiter. No scope belongs to two accounts, so no line can hold up another: how long
 * a request waits is a matter of its own account. A head asks again when the limiter said that it would fit, and whenever
 * a request of its account is settled.
 */
import type { Clock } from '../observe/clock.js';
import {
  type Admission,
  canNeverFit,
  type Headroom,
  type HeadroomQuestion,
  type Limiter,
  type Permit,
  type QueueLimits,
  type Refusal,
  requireTokens,
} from './limiter.js';
import type { MaybePromise } from './maybe-promise.js';
import { SteadyClock } from './steady-clock.js';
import { systemTimers, type Timers } from './timers.js';
import { type Waiter, WaitingLine } from './waiting-line.js';

export interface WaitingRoomOptions {
  /** Who decides. */
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly timers?: Timers;
}

/**
 * A limiter in front of another one. A request with a `queue` that does not fit waits at most `maxWaitMs`, and is then
 * refused as the limiter refuses it at that time; one that finds `maxLength` others before it, or could never fit, is
 * refused at once. All permits of an account must come through the same room for its line to move early.
 */
export class WaitingRoom implements Limiter {
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #lines = new Map<string, WaitingLine>();
  /** How many requests were settled: shows whether one was while the limiter decided. */
  #settlements = 0;

  constructor({ limiter, clock, timers = systemTimers }: WaitingRoomOptions) {
    this.#limiter = limiter;
    this.#clock = new SteadyClock(clock);
    this.#timers = timers;
  }

  /** How many requests of an account wait. */
  lengthOf(account: string): number {
    return this.#lines.get(account)?.length ?? 0;
  }

  admit(admission: Admission, signal?: AbortSignal): MaybePromise<Permit | Refusal> {
    requireTokens(admission.tokens);
    const { queue } = admission;
    if (queue === undefined || canNeverFit(admission)) return this.#ask(admission);
    return this.#admitInTurn(admission, queue, signal);
  }

  async #admitInTurn(admission: Admission, queue: QueueLimits, signal?: AbortSignal): Promise<Permit | Refusal> {
    const { account } = admission;
    const settlements = this.#settlements;
    let line = this.#lines.get(account);
    if (line === undefined) {
      const decision = await this.#ask(admission);
      if (decision.admitted || decision.never || queue.maxLength < 1) return decision;
      line = this.#lines.get(account) ?? new WaitingLine(this.#timers, decision, this.#clock.now());
    }
    if (line.length >= queue.maxLength) return line.refusal(this.#clock.now());
    signal?.throwIfAborted();
    const answer = this.#join(line, admission, queue.maxWaitMs, signal);
    if (!this.#lines.has(account)) void this.#serve(account, line);
    if (settlements !== this.#settlements) line.wake();
    return answer;
  }

  /** As the limiter behind it says; who waits has taken nothing yet. */
  peek(question: HeadroomQuestion): MaybePromise<Headroom> {
    return this.#limiter.peek(question);
  }

  #ask(admission: Admission): MaybePromise<Permit | Refusal> {
    const { account } = admission;
    const decision = this.#limiter.admit(admission);
    if (decision instanceof Promise) return decision.then((later) => this.#wakeWhenSettled(later, account));
    return this.#wakeWhenSettled(decision, account);
  }

  #wakeWhenSettled(decision: Permit | Refusal, account: string): Permit | Refusal {
    return decision.admitted ? new RoomPermit(decision, () => this.#wake(account)) : decision;
  }

  #wake(account: string): void {
    this.#settlements += 1;
    this.#lines.get(account)?.wake();
  }

  /** Resolves with the answer that the line gives; rejects when the signal ends the wait. */
  async #join(line: WaitingLine, admission: Admission, maxWaitMs: number, signal: AbortSignal | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<Permit | Refusal>();
    const waiter: Waiter = { admission, deadline: this.#clock.now() + maxWaitMs, resolve, reject };
    const abandon = () => {
      line.leave(waiter);
      line.wake();
      reject(signal?.reason);
    };
    line.join(waiter);
    signal?.addEventListener('abort', abandon);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
  }

  /** Serves a line, whose head was just refused, until nobody waits. */
  async #serve(account: string, line: WaitingLine): Promise<void> {
    this.#lines.set(account, line);
    await line.sleep(this.#clock.now());
    for (let head = line.head; head !== undefined; head = line.head) {
      const isAnswered = await this.#serveHead(line, head);
      if (!isAnswered) await line.sleep(this.#clock.now());
    }
    this.#lines.delete(account);
  }

  /** Returns whether the line has another head now. */
  async #serveHead(line: WaitingLine, head: Waiter): Promise<boolean> {
    try {
      const decision = await this.#ask(head.admission);
      const now = this.#clock.now();
      if (line.head !== head) {
        if (decision.admitted) await decision.settle(0);
        return true;
      }
      if (!decision.admitted && !decision.never) {
        line.refused(decision, now);
        if (now < head.deadline) return false;
      }
      head.resolve(decision);
    } catch (error) {
      head.reject(error);
    }
    line.leave(head);
    return true;
  }
}

/** A permit whose settlement may make room for whoever waits. */
class RoomPermit implements Permit {
  readonly admitted = true;
  readonly #permit: Permit;
  readonly #onSettled: () => void;

  constructor(permit: Permit, onSettled: () => void) {
    this.#permit = permit;
    this.#onSettled = onSettled;
  }

  get headroom(): Headroom {
    return this.#permit.headroom;
  }

  settle(actualTokens: number): MaybePromise<void> {
    const settled = this.#permit.settle(actualTokens);
    return settled instanceof Promise ? settled.then(this.#onSettled) : this.#onSettled();
  }
}
