/**
 * ★ The way of a request through the kit, top to bottom: read, repair, pass the breaker, wait for the limits, send, hold
 * until the answer begins; then hand it on, or wait and send again. Always answers; throws on abort alone.
 */
import type { BreakerEntry } from '../breaker/breaker.js';
import { KitError } from '../errors/kit-error.js';
import type { Fetch } from '../kit/endpoint.js';
import type { Meters } from '../kit/meters.js';
import type { Settings } from '../kit/options.js';
import type { Admission, Permit, Refusal } from '../limiter/limiter.js';
import type { ReasoningMemory } from '../repairs/reasoning-memory.js';
import { drawBackoff, drawHintedWait } from '../retry/backoff.js';
import { wait } from '../time/clock.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import { type AnswerEnd, type AttemptResult, attempt, type FailedAttempt } from './attempt.js';
import { Course } from './course.js';
import type { Failure, Verdict } from './failure.js';
import { writeFailure } from './failure-response.js';
import type { Lane, Lanes } from './lane.js';
import { type Outgoing, readOutgoing } from './outgoing.js';
import type { PastVerdicts } from './past-verdicts.js';
import { type Prepared, prepare } from './prepare.js';

/** What all requests of a kit share. */
export interface KitParts {
  readonly settings: Settings;
  readonly lanes: Lanes;
  readonly verdicts: PastVerdicts;
  readonly memory: ReasoningMemory;
  readonly loadMeters: () => Promise<Meters>;
}

export function createKitFetch(parts: KitParts): Fetch {
  return async (input, init) => {
    const outgoing = await readOutgoing(input, init);
    const past = parts.verdicts.find(outgoing);
    return past ?? new Journey(parts, await parts.loadMeters(), outgoing).run();
  };
}

class Journey {
  readonly #parts: KitParts;
  readonly #counter: TokenCounter;
  readonly #outgoing: Outgoing;
  readonly #lane: Lane;
  readonly #course: Course;

  constructor(parts: KitParts, meters: Meters, outgoing: Outgoing) {
    const { clock, retry } = parts.settings;
    this.#parts = parts;
    this.#counter = meters.tokenCounter;
    this.#outgoing = outgoing;
    this.#lane = parts.lanes.of(outgoing, meters);
    this.#course = new Course(clock, outgoing.wishes.deadlineMs ?? retry.deadlineMs);
  }

  async run(): Promise<Response> {
    try {
      for (;;) {
        const prepared = await prepare(this.#outgoing, this.#lane.repairs, this.#counter);
        const { permit, entry } = await this.#enter(prepared);
        const startedAt = this.#parts.settings.clock.now();
        const result = await this.#attempt(prepared, permit, entry);
        if (result.kind === 'answer') return result.response;
        const { failure, verdict } = result;
        await this.#giveBack(result, prepared, permit, entry);
        if (!(await this.#goesOn(failure, verdict, startedAt, prepared))) return this.#giveUp(failure);
      }
    } catch (error) {
      this.#outgoing.signal?.throwIfAborted();
      if (!KitError.is(error)) throw error;
      return this.#giveUp(this.#explain(error));
    }
  }

  /** Waits for the breaker and the limiter until both give leave at one moment. */
  async #enter(prepared: Prepared): Promise<{ permit: Permit; entry: BreakerEntry }> {
    const { breaker } = this.#lane;
    const { wishes, signal } = this.#outgoing;
    for (;;) {
      const { deadline } = this.#course;
      const hasWaited = await breaker.whenPassable(deadline, wishes.breakerWaitMs, signal);
      // Who has waited for the endpoint to come back begins anew.
      if (hasWaited) this.#course.failures = 0;
      const permit = await this.#admit(prepared);
      const entry = breaker.tryEnter();
      if (entry !== undefined) return { permit, entry };
      permit.abandon();
    }
  }

  async #admit(prepared: Prepared): Promise<Permit> {
    try {
      return await this.#lane.limiter.admit(this.#admission(prepared), this.#outgoing.signal);
    } catch (error) {
      this.#lane.breaker.pass();
      throw error;
    }
  }

  #admission({ promptTokens, answerTokensMax }: Prepared): Admission {
    const { priority, caller } = this.#outgoing.wishes;
    return {
      promptTokens,
      since: this.#course.since,
      deadline: this.#course.deadline,
      ...(answerTokensMax === undefined ? {} : { answerTokensMax }),
      ...(priority === undefined ? {} : { priority }),
      ...(caller === undefined ? {} : { caller }),
    };
  }

  async #attempt(prepared: Prepared, permit: Permit, entry: BreakerEntry): Promise<AttemptResult> {
    const { fetch, clock, timeouts, holds } = this.#parts.settings;
    try {
      const result = await attempt(prepared.outgoing, {
        fetch,
        clock,
        timeouts,
        holds,
        deadline: this.#course.deadline,
        prepared,
        answered: (headers) => permit.answered(headers),
        ended: (end) => this.#settle(end, prepared, permit),
      });
      if (result.kind === 'answer') this.#succeed(entry, permit);
      return result;
    } catch (error) {
      // The caller has left: what the endpoint does with the request is not known.
      entry.ended();
      permit.settle();
      throw error;
    }
  }

  #succeed(entry: BreakerEntry, permit: Permit): void {
    entry.succeeded();
    this.#lane.quota.succeeded(this.#course.failures > 0);
    this.#lane.noteSuccess();
    if (this.#outgoing.generation === undefined) permit.settle(0);
  }

  /** The answer has ended: its use is known. */
  #settle({ how, tally, error }: AnswerEnd, prepared: Prepared, permit: Permit): void {
    const { memory, settings } = this.#parts;
    const { promptTokens, model } = prepared;
    permit.settle(tally.totalTokens ?? (how === 'complete' ? undefined : promptTokens + tally.outputs));
    if (tally.promptTokens !== undefined) this.#counter.learn(model, promptTokens, tally.promptTokens);
    memory.remember(tally.calledIds, tally.reasoning);
    if (error !== undefined)
      this.#lane.noteFailure({ code: 'stream_interrupted', error, status: 200, wireStatus: 200 });
    settings.onEvent({
      type: 'answer',
      model,
      how,
      use: { promptTokens: tally.promptTokens, answerTokens: tally.answerTokens },
      durationMs: settings.clock.now() - this.#course.since,
      attempts: this.#course.attempts.length + 1,
    });
  }

  /** What was taken for an attempt that failed. */
  async #giveBack(
    { failure, verdict }: FailedAttempt,
    prepared: Prepared,
    permit: Permit,
    entry: BreakerEntry,
  ): Promise<void> {
    const { code, error, status, wireStatus } = failure;
    if (verdict === 'throttled') permit.refused(await readRefused(failure));
    else if (wireStatus === undefined && code === 'connection') permit.abandon();
    else permit.settle(verdict === 'transient' ? prepared.promptTokens : 0);
    // Before the breaker hears of it: its report must have what opened it.
    if (verdict === 'transient') this.#lane.noteFailure(failure);
    if (code === 'authentication' || code === 'insufficient_balance') entry.rejected(code, error.message, status);
    else if (verdict === 'transient') entry.failed();
    else entry.ended();
  }

  /** Waits before the next attempt. False when there is none. */
  async #goesOn(failure: Failure, verdict: Verdict, startedAt: number, prepared: Prepared): Promise<boolean> {
    const { onEvent, clock } = this.#parts.settings;
    const attempt = this.#course.note(startedAt, failure);
    const { model } = prepared;
    if (!this.#outgoing.isReplayable) return false;
    if (verdict === 'final') return this.#isRepaired(failure, prepared);
    if (verdict === 'throttled') {
      const { retryAfterMs } = failure;
      onEvent({ type: 'refused', model, attempt, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
      return true;
    }
    if (verdict === 'reset' && !this.#course.hasReset) {
      this.#course.hasReset = true;
      return true;
    }
    const waitMs = this.#drawWait(failure);
    if (waitMs === undefined || clock.now() + waitMs >= this.#course.deadline) return false;
    onEvent({ type: 'retry', model, attempt, waitMs });
    await wait(clock, waitMs, this.#outgoing.signal);
    return true;
  }

  /** How long to wait before the next attempt, in ms; undefined when the attempts are spent. */
  #drawWait({ retryAfterMs }: Failure): number | undefined {
    const { retry, random } = this.#parts.settings;
    const retries = this.#course.failures++;
    if (retries + 1 >= retry.maxAttempts) return undefined;
    const backoffMs = drawBackoff(retries, random, retry);
    const hintedMs = retryAfterMs === undefined ? 0 : drawHintedWait(retryAfterMs, random);
    return Math.max(backoffMs, hintedMs, this.#lane.quota.take());
  }

  /** Whether the refusal has taught how to ask in another way. */
  async #isRepaired({ error, code }: Failure, { sent, model }: Prepared): Promise<boolean> {
    if (code !== 'invalid_request' || sent === undefined) return false;
    const what = await this.#lane.repairs.learn(error, sent, this.#outgoing.wishes.keepsFormat);
    if (what === undefined) return false;
    this.#parts.settings.onEvent({ type: 'repaired', model, what });
    return true;
  }

  #explain(error: KitError): Failure {
    const last = this.#course.lastFailure;
    const status = error.status ?? (error.code === 'rate_limited' ? 429 : 503);
    const told = { message: error.message, type: error.code, code: error.code };
    const headers = last?.status === status ? last.headers : undefined;
    return { code: error.code, error: told, status, ...(headers === undefined ? {} : { headers }) };
  }

  #giveUp(failure: Failure): Response {
    const { attempts } = this.#course;
    this.#parts.settings.onEvent({
      type: 'failed',
      model: this.#outgoing.generation?.model ?? '',
      code: failure.code,
      attempts,
    });
    const answer = () => writeFailure(this.#outgoing, failure, attempts);
    this.#parts.verdicts.keep(this.#outgoing, answer);
    return answer();
  }
}

/** Refusals have words of their own, which are read by what is loaded with the first of them. */
async function readRefused({ status, headers = new Headers(), error }: Failure): Promise<Refusal> {
  const { readRefusal } = await import('../limiter/refusals.js');
  return readRefusal(status, headers, JSON.stringify({ error }));
}
