/** Plays a trace in virtual time between the toolkit's limiter and the server's own, which knows nothing of the forecast. */
import { createLimiter } from '#client/limiter/create-limiter.js';
import type { Limits, Permit } from '#client/limiter/limiter.js';
import { readRefusal } from '#client/limiter/refusals.js';
import type { Scheduler } from '#client/limiter/scheduler.js';
import type { Job, Trace } from '#client/plan/trace.js';
import { VirtualClock } from '#client/plan/virtual-clock.js';
import { AnswerLengths } from '#server/limits/answer-lengths.js';
import { renderHeadroom, renderRefusal } from '#server/limits/headers.js';
import type { Refusal } from '#server/limits/limiter.js';
import { MemoryLimiter, type MemoryPermit } from '#server/limits/memory-limiter.js';
import { reserveTokens } from '#server/limits/reservation.js';

const BEGINNING = 1_800_000_000_000;
/** How long everything is under way between the two, in ms. */
const DELAY_MS = 5;
const MODEL_ANSWER_TOKENS_MAX = 8192;

export interface ServerRun {
  /** When the last answer was there, in ms from the beginning. */
  readonly finishedAt: number;
  readonly refusals: number;
}

/** All requests are there at the beginning, as in a batch, and know the limits of their tier. */
export function runAgainstServer(trace: Trace, limits: Limits): ServerRun {
  return new ServerSimulation(limits).run(trace);
}

class ServerSimulation {
  readonly #clock = new VirtualClock(BEGINNING);
  readonly #server = new MemoryLimiter(this.#clock);
  readonly #lengths = new AnswerLengths();
  readonly #scopes;
  readonly #client: Scheduler;
  #finishedAt = 0;
  #refusals = 0;

  constructor(limits: Limits) {
    const { requestsPerMinute, tokensPerMinute, concurrency } = limits;
    const scope = { requestsPerMinute, tokensPerMinute, concurrentRequests: concurrency };
    this.#scopes = [{ id: 'account:1', limits: scope }];
    this.#client = createLimiter({ limits, clock: this.#clock });
  }

  run(trace: Trace): ServerRun {
    for (const job of trace) this.#ask(job);
    while (this.#clock.step());
    return { finishedAt: this.#finishedAt - BEGINNING, refusals: this.#refusals };
  }

  #ask(job: Job): void {
    const { promptTokens, answerTokensMax } = job;
    const admission = { promptTokens, since: BEGINNING, ...(answerTokensMax !== undefined && { answerTokensMax }) };
    this.#client.enqueue(admission, {
      grant: (permit) => this.#travel(() => this.#arrive(job, permit)),
      fail(error) {
        throw error;
      },
    });
  }

  #arrive(job: Job, permit: Permit): void {
    const tokens = reserveTokens({
      promptTokens: job.promptTokens,
      maxTokens: job.answerTokensMax,
      mostAnswerTokens: MODEL_ANSWER_TOKENS_MAX,
      typicalAnswerTokens: this.#lengths.typical('1', 'model'),
      scopes: this.#scopes,
    });
    const decision = this.#server.admit({ account: '1', scopes: this.#scopes, tokens });
    if (!decision.admitted) this.#refuse(job, permit, decision);
    else this.#serve(job, permit, decision);
  }

  #serve(job: Job, permit: Permit, decision: MemoryPermit): void {
    const headers = renderHeadroom(decision.headroom);
    this.#clock.after(job.durationMs, () => {
      decision.settle(job.promptTokens + job.answerTokens);
      this.#lengths.observe('1', 'model', job.answerTokens);
      this.#travel(() => {
        permit.answered(new Headers(headers));
        permit.settle(job.promptTokens + job.answerTokens);
        this.#finishedAt = this.#clock.now();
      });
    });
  }

  #refuse(job: Job, permit: Permit, refusal: Refusal): void {
    if (refusal.never) throw new Error('A request of the trace can never fit.');
    this.#refusals += 1;
    const headers = { ...renderRefusal(refusal), 'x-ratelimit-refused-by': refusal.limit };
    this.#travel(() => {
      const read = new Headers(headers);
      permit.refused(readRefusal(429, read, '', this.#clock.now()), read);
      this.#ask(job);
    });
  }

  #travel(arrive: () => void): void {
    this.#clock.after(DELAY_MS, arrive);
  }
}
