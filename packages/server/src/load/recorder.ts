/** Keeps what a load has measured. Warm-up is in the timeline and in nothing else. */
import { LogHistogram } from './log-histogram.js';
import { meetsObjective, type Objective } from './objective.js';
import { FAILURES, type Failure, type FailureKind, type Latencies, latenciesOf, type Sample } from './sample.js';
import { Timeline } from './timeline.js';

export interface RecorderOptions {
  /** When the run began, in ms of the clock; all other times here are of the clock too. */
  readonly startedAt: number;
  /** Requests that are due before this, in ms from the start, are warm-up. */
  readonly warmUpMs: number;
  /** Without one, every whole answer is goodput. */
  readonly objective: Objective;
}

/** Counts of requests that were due after the warm-up. Each is in one of answered, failed, dropped and unfinished. */
export interface Counts {
  due: number;
  answered: number;
  failed: number;
  /** Not sent, because too many were in flight. */
  dropped: number;
  /** Given up when the run was stopped. */
  unfinished: number;
  /** Sent later than they were due by more than `LATE_MS`. */
  late: number;
  met: number;
  streamed: number;
  promptTokens: number;
  cachedTokens: number;
  answerTokens: number;
  /** Answers that did not say what they used. */
  withoutUsage: number;
}

/** What ended between the warm-up and the last request that was due: what rates are made of. */
export interface WindowCounts {
  answered: number;
  met: number;
  promptTokens: number;
  tokenEvents: number;
  bufferedTokens: number;
}

export interface FailureTally {
  count: number;
  /** What the first one said. */
  readonly reason: string;
  readonly status: number | undefined;
  readonly kind: FailureKind;
  /** The shortest and the longest wait that refusals asked for, in ms. */
  retryAfterMs: readonly [shortest: number, longest: number] | undefined;
}

/** How late a request may be sent and count as in time, in ms: what timers are inexact by. */
export const LATE_MS = 5;
/** Statuses that are told apart; further ones are counted with the last one. */
const STATUSES_MAX = 50;

export class Recorder {
  readonly timeline = new Timeline();
  readonly counts: Counts = {
    due: 0,
    answered: 0,
    failed: 0,
    dropped: 0,
    unfinished: 0,
    late: 0,
    met: 0,
    streamed: 0,
    promptTokens: 0,
    cachedTokens: 0,
    answerTokens: 0,
    withoutUsage: 0,
  };
  readonly window: WindowCounts = { answered: 0, met: 0, promptTokens: 0, tokenEvents: 0, bufferedTokens: 0 };
  /** Events with text of all measured streams, and the tokens that these streams say that they were. */
  readonly streamed = { events: 0, tokens: 0 };
  readonly ttfb = new LogHistogram();
  readonly ttft = new LogHistogram();
  readonly tpot = new LogHistogram();
  readonly gap = new LogHistogram();
  readonly e2e = new LogHistogram();
  readonly lateness = new LogHistogram();
  readonly failures = new Map<string, FailureTally>();
  /** Requests that were due in the warm-up. */
  warmUpRequests = 0;
  readonly #options: RecorderOptions;
  #windowEndsAt = Number.POSITIVE_INFINITY;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** How many tokens an event with text has, as far as streams have said how many they were. */
  get tokensPerEvent(): number {
    return this.streamed.events === 0 ? 1 : this.streamed.tokens / this.streamed.events;
  }

  /** A request is due, and is sent now. */
  sent(dueAt: number, now: number): void {
    this.#due(dueAt);
    this.timeline.count(this.#since(now), 'sent');
    this.timeline.changeInFlight(this.#since(now), 1);
    if (!this.#isMeasured(dueAt)) return;
    this.lateness.add(now - dueAt);
    if (now - dueAt > LATE_MS) this.counts.late += 1;
  }

  /** A request is due, and cannot be sent. */
  dropped(dueAt: number): void {
    this.#due(dueAt);
    this.timeline.count(this.#since(dueAt), 'dropped');
    if (this.#isMeasured(dueAt)) this.counts.dropped += 1;
  }

  token(dueAt: number, gapMs: number | undefined, now: number): void {
    this.timeline.count(this.#since(now), 'tokenEvents');
    if (this.#isInWindow(now)) this.window.tokenEvents += 1;
    if (gapMs !== undefined && this.#isMeasured(dueAt)) this.gap.add(gapMs);
  }

  ended(dueAt: number, sample: Sample): void {
    const latencies = latenciesOf(sample, dueAt);
    const isMet = sample.failure === undefined && meetsObjective(this.#options.objective, latencies);
    this.#noteTime(sample, isMet);
    if (sample.failure === undefined) this.#noteLatencies(dueAt, latencies);
    if (this.#isMeasured(dueAt)) this.#noteResult(sample, isMet);
  }

  /** A request is given up. */
  givenUp(dueAt: number, now: number): void {
    this.timeline.changeInFlight(this.#since(now), -1);
    if (this.#isMeasured(dueAt)) this.counts.unfinished += 1;
  }

  /** Rates are of what ended before this. */
  closeWindow(now: number): void {
    this.#windowEndsAt = Math.min(this.#windowEndsAt, now);
  }

  /** How long rates are measured over, in ms; until now while the window is open. */
  windowMs(now: number): number {
    return Math.max(0, Math.min(this.#windowEndsAt, now) - this.#options.startedAt - this.#options.warmUpMs);
  }

  #due(dueAt: number): void {
    if (this.#isMeasured(dueAt)) this.counts.due += 1;
    else this.warmUpRequests += 1;
  }

  #noteTime({ endedAt, failure, isStreamed, usage }: Sample, isMet: boolean): void {
    const at = this.#since(endedAt);
    const bufferedTokens = isStreamed || failure !== undefined ? 0 : (usage?.answer ?? 0);
    this.timeline.changeInFlight(at, -1);
    this.timeline.count(at, failure === undefined ? 'answered' : 'failed');
    this.timeline.count(at, 'bufferedTokens', bufferedTokens);
    if (isMet) this.timeline.count(at, 'met');
    if (failure !== undefined || !this.#isInWindow(endedAt)) return;
    this.window.answered += 1;
    this.window.met += isMet ? 1 : 0;
    this.window.promptTokens += usage?.prompt ?? 0;
    this.window.bufferedTokens += bufferedTokens;
  }

  #noteLatencies(dueAt: number, { ttfb, ttft, tpot, e2e }: Latencies): void {
    const due = this.#since(dueAt);
    this.timeline.time(due, 'e2e', e2e);
    if (ttft !== undefined) this.timeline.time(due, 'ttft', ttft);
    if (!this.#isMeasured(dueAt)) return;
    this.e2e.add(e2e);
    if (ttfb !== undefined) this.ttfb.add(ttfb);
    if (ttft !== undefined) this.ttft.add(ttft);
    if (tpot !== undefined) this.tpot.add(tpot);
  }

  #noteResult({ failure, isStreamed, usage, tokenEvents }: Sample, isMet: boolean): void {
    const { counts } = this;
    if (failure !== undefined) {
      counts.failed += 1;
      this.#noteFailure(failure);
      return;
    }
    counts.answered += 1;
    counts.met += isMet ? 1 : 0;
    counts.streamed += isStreamed ? 1 : 0;
    counts.promptTokens += usage?.prompt ?? 0;
    counts.cachedTokens += usage?.cached ?? 0;
    counts.answerTokens += usage?.answer ?? tokenEvents;
    counts.withoutUsage += usage === undefined ? 1 : 0;
    if (!isStreamed) return;
    this.streamed.events += tokenEvents;
    this.streamed.tokens += usage?.answer ?? tokenEvents;
  }

  #noteFailure({ kind, status, reason, retryAfterMs }: Failure): void {
    const wanted = kind === 'status' ? `status ${status}` : kind;
    const key = this.failures.has(wanted) || this.failures.size < STATUSES_MAX + FAILURES.length ? wanted : 'status';
    const tally = this.failures.get(key) ?? { count: 0, reason, status, kind, retryAfterMs: undefined };
    this.failures.set(key, tally);
    tally.count += 1;
    if (retryAfterMs === undefined) return;
    const [shortest, longest] = tally.retryAfterMs ?? [retryAfterMs, retryAfterMs];
    tally.retryAfterMs = [Math.min(shortest, retryAfterMs), Math.max(longest, retryAfterMs)];
  }

  #since(at: number): number {
    return at - this.#options.startedAt;
  }

  #isMeasured(dueAt: number): boolean {
    return this.#since(dueAt) >= this.#options.warmUpMs;
  }

  #isInWindow(at: number): boolean {
    return this.#isMeasured(at) && at <= this.#windowEndsAt;
  }
}
