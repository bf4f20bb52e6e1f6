/** An endpoint with exact rolling windows in virtual time: what a limiter is up against, without a network. */
import type { Axis, Limits } from '../limiter/limiter.js';
import { type Rate, RollingWindow, WINDOW_MS } from '../limiter/window.js';
import type { Job } from './trace.js';

export interface EndpointBehaviour {
  readonly limits: Limits;
  /**
   * Which tokens it counts: the `actual` ones when it admits a request, as nobody can; the prompt and `max_tokens` until
   * the answer is there (`reserved`), as Plumb and OpenAI do; all of them when the answer is there (`completed`).
   * Default: actual.
   */
  readonly charge?: 'actual' | 'reserved' | 'completed';
  /** How a refusal says when to come again. Default: ms. */
  readonly retryAfter?: 'ms' | 'seconds' | 'none';
  /** What the body of a refusal says: the limit and its number, its name, nothing. Default: number. */
  readonly says?: 'number' | 'name' | 'nothing';
  /** Whether answers have `x-ratelimit-*`. Default: no. */
  readonly hasHeaders?: boolean;
  /** Whether the headers of an answer come when it is admitted or when it is complete. Default: end. */
  readonly headersAt?: 'start' | 'end';
  /** From when to when nothing can be reached, in ms from the beginning. */
  readonly outages?: readonly (readonly [from: number, until: number])[];
}

/** What was refused. */
export interface Verdict {
  readonly axis: Axis;
  /** Until this very request fits if nothing else comes, in ms. */
  readonly waitMs: number;
}

/** A request that runs. */
export interface Running {
  readonly job: Job;
  readonly entry: number;
  readonly booked: number;
}

/** Tokens that it sets aside for an answer whose `max_tokens` it does not know. */
const RESERVED_TOKENS = 1024;
/** When to come again after a refusal for concurrency, in ms: a guess, as everywhere. */
const CONCURRENCY_WAIT_MS = 1000;

export class SimulatedEndpoint {
  readonly behaviour: EndpointBehaviour;
  readonly #window = new RollingWindow();
  #running = 0;

  constructor(behaviour: EndpointBehaviour) {
    this.behaviour = behaviour;
  }

  get running(): number {
    return this.#running;
  }

  isOut(now: number): boolean {
    return this.behaviour.outages?.some(([from, until]) => from <= now && now < until) ?? false;
  }

  /** Why a request does not fit; undefined when it does. */
  judge(job: Job, now: number): Verdict | undefined {
    this.#window.advance(now - WINDOW_MS, now - WINDOW_MS);
    const { concurrency = Number.POSITIVE_INFINITY } = this.behaviour.limits;
    const verdicts: Verdict[] = [
      { axis: 'requests', waitMs: this.#waitMs('requests', 1, now) },
      { axis: 'tokens', waitMs: this.#waitMs('tokens', this.#bookingOf(job), now) },
      { axis: 'concurrency', waitMs: this.#running < concurrency ? 0 : CONCURRENCY_WAIT_MS },
    ];
    const refused = verdicts.filter(({ waitMs }) => waitMs > 0);
    return refused.sort((one, other) => other.waitMs - one.waitMs)[0];
  }

  /** Takes in a request that fits. */
  admit(job: Job, now: number): Running {
    const booked = this.#bookingOf(job);
    this.#running += 1;
    return { job, booked, entry: this.#window.add(now, 1, booked) };
  }

  complete({ job, entry, booked }: Running, now: number): void {
    this.#running -= 1;
    this.#window.advance(now - WINDOW_MS, now - WINDOW_MS);
    const used = job.promptTokens + job.answerTokens;
    if (used < booked) this.#window.correct(entry, 'tokens', used);
    else if (used > booked) this.#window.add(now, 0, used - booked);
  }

  /** When something leaves the window next, in ms; Infinity when it is empty. */
  leavesAt(now: number): number {
    this.#window.advance(now - WINDOW_MS, now - WINDOW_MS);
    return (this.#window.oldestAt ?? Number.POSITIVE_INFINITY) + WINDOW_MS;
  }

  /** What it says about its limits with an answer. */
  headers(now: number): Record<string, string> {
    if (!this.behaviour.hasHeaders) return {};
    return { ...this.#headersOf('requests', now), ...this.#headersOf('tokens', now) };
  }

  /** The headers and the body of a refusal. */
  refusal({ axis, waitMs }: Verdict, now: number): { headers: Record<string, string>; body: string } {
    const { retryAfter = 'ms' } = this.behaviour;
    const seconds = String(Math.ceil(waitMs / 1000));
    const hint = {
      ms: { 'retry-after': seconds, 'retry-after-ms': String(Math.ceil(waitMs)) },
      seconds: { 'retry-after': seconds },
      none: {},
    }[retryAfter];
    return {
      headers: { ...this.headers(now), ...hint },
      body: JSON.stringify({ error: { message: this.#explain(axis) } }),
    };
  }

  #explain(axis: Axis): string {
    const { says = 'number', limits } = this.behaviour;
    if (says === 'nothing') return 'Too many requests';
    if (says === 'name')
      return {
        requests: 'RPM limit reached',
        tokens: 'TPM limit reached',
        concurrency: 'Too many concurrent requests',
      }[axis];
    return {
      requests: `Rate limit reached for ${limits.requestsPerMinute} requests per minute.`,
      tokens: `Rate limit reached for ${limits.tokensPerMinute} tokens per minute.`,
      concurrency: `Your current concurrency is ${this.#running + 1}, which exceeds your concurrency limit of ${limits.concurrency}`,
    }[axis];
  }

  #headersOf(rate: Rate, now: number): Record<string, string> {
    this.#window.advance(now - WINDOW_MS, now - WINDOW_MS);
    const limit = this.#limit(rate);
    if (!Number.isFinite(limit)) return {};
    const resetMs = Math.max(0, this.#window.newestAt + WINDOW_MS - now);
    return {
      [`x-ratelimit-limit-${rate}`]: String(limit),
      [`x-ratelimit-remaining-${rate}`]: String(Math.max(0, limit - this.#window.used(rate))),
      [`x-ratelimit-reset-${rate}`]: `${Math.ceil(resetMs)}ms`,
    };
  }

  #waitMs(rate: Rate, amount: number, now: number): number {
    const limit = this.#limit(rate);
    const lacking = this.#window.used(rate) + Math.min(amount, limit) - limit;
    if (!(lacking > 0)) return 0;
    return (this.#window.timeOfAmount(rate, lacking) ?? now) + WINDOW_MS - now;
  }

  #limit(rate: Rate): number {
    const { requestsPerMinute, tokensPerMinute } = this.behaviour.limits;
    return (rate === 'requests' ? requestsPerMinute : tokensPerMinute) ?? Number.POSITIVE_INFINITY;
  }

  #bookingOf({ promptTokens, answerTokens, answerTokensMax }: Job): number {
    const { charge = 'actual' } = this.behaviour;
    if (charge === 'actual') return promptTokens + answerTokens;
    return charge === 'reserved' ? promptTokens + (answerTokensMax ?? RESERVED_TOKENS) : 0;
  }
}
