/**
 * Runs a load. In an open loop each request has a time at which it is due, and its latency counts from then: an endpoint
 * that stalls makes those who come meanwhile wait, and they are measured, as the callers of a closed loop would not be.
 */
import type { Clock } from '@plumb/client';
import type { Objective } from './objective.js';
import { type OwnLoad, OwnLoadWatch, type ProcessMeter } from './own-load.js';
import type { Arrival, ClosedPlan, LoadPlan, OpenPlan } from './plan.js';
import { Recorder } from './recorder.js';
import type { LoadRequest, RequestMix } from './request-mix.js';
import type { Failure, Sample } from './sample.js';
import type { Sender } from './sender.js';

export interface LoadOptions {
  readonly plan: LoadPlan;
  readonly mix: Pick<RequestMix, 'make'>;
  readonly sender: Sender;
  readonly objective: Objective;
  readonly clock: Clock;
  readonly meter: ProcessMeter;
}

/** `refused`: the first answers all said that there will never be another one. */
export type LoadEnd = 'done' | 'stopped' | 'refused';

export interface LoadResult {
  readonly recorder: Recorder;
  readonly end: LoadEnd;
  readonly ownLoad: OwnLoad;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Over which rates are measured. */
  readonly windowMs: number;
  readonly connections: number;
}

export interface LoadProgress {
  readonly phase: 'warm-up' | 'measuring' | 'finishing';
  readonly elapsedMs: number;
  readonly inFlight: number;
  readonly windowMs: number;
  readonly recorder: Recorder;
  readonly ownLoad: OwnLoad;
}

/** Requests that are sent in one turn of the event loop at most, so that answers are read in between. */
const BURST_MAX = 256;
/** How long a place of a closed loop rests after a failure, in ms: an endpoint that is down is not asked in a frenzy. */
const FAILURE_REST_MS = 100;
/** So many refusals for good before anything else end the run. */
const REFUSALS_MAX = 10;

export class LoadRun {
  readonly #options: LoadOptions;
  readonly #recorder: Recorder;
  readonly #startedAt: number;
  readonly #open = new Map<number, { readonly dueAt: number; readonly giveUp: () => void }>();
  readonly #done = Promise.withResolvers<LoadResult>();
  readonly #cancels: (() => void)[] = [];
  #ownLoad: OwnLoadWatch;
  #number = 0;
  #measured = 0;
  #isSending = true;
  #isWindowOver = false;
  #end: LoadEnd = 'done';
  #onlyRefusals = 0;
  #hasOtherThanRefusals = false;
  #cancelNext = () => {};

  /** Starts at once. */
  constructor(options: LoadOptions) {
    const { clock, meter, plan, objective } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#recorder = new Recorder({ startedAt: this.#startedAt, warmUpMs: plan.warmUpMs, objective });
    this.#ownLoad = new OwnLoadWatch(clock, meter);
    if (plan.warmUpMs > 0) this.#at(plan.warmUpMs, () => this.#watchAnew());
    if (Number.isFinite(plan.endMs)) this.#at(plan.endMs, () => this.#endWindow());
    if (plan.kind === 'closed') this.#startClosed(plan);
    else this.#startOpen(plan);
  }

  /** Resolves when the last answer is there, or was given up. */
  get result(): Promise<LoadResult> {
    return this.#done.promise;
  }

  /** Sends nothing more; what is in flight may finish. */
  stop(): void {
    this.#stop('stopped');
  }

  /** Sends nothing more, and gives up what is in flight. */
  giveUp(): void {
    this.#stop('stopped');
    this.#end = 'stopped';
    const now = this.#options.clock.now();
    for (const { dueAt, giveUp } of this.#open.values()) {
      giveUp();
      this.#recorder.givenUp(dueAt, now);
    }
    this.#open.clear();
    this.#finishIfOver();
  }

  progress(): LoadProgress {
    const now = this.#options.clock.now();
    const elapsedMs = now - this.#startedAt;
    const isWarmUp = elapsedMs < this.#options.plan.warmUpMs;
    const phase = this.#isSending && !this.#isWindowOver ? (isWarmUp ? 'warm-up' : 'measuring') : 'finishing';
    const windowMs = this.#recorder.windowMs(now);
    return {
      phase,
      elapsedMs,
      inFlight: this.#open.size,
      windowMs,
      recorder: this.#recorder,
      ownLoad: this.#ownLoad.read(),
    };
  }

  #startOpen(plan: OpenPlan): void {
    const arrivals = plan.arrivals[Symbol.iterator]();
    let next = this.#prepare(arrivals, plan);
    const fire = () => {
      for (let sent = 0; this.#isSending && next !== undefined && sent < BURST_MAX; sent += 1) {
        if (next.dueAt > this.#options.clock.now()) break;
        this.#arrive(next, plan.maxInFlight);
        next = this.#prepare(arrivals, plan);
      }
      if (next === undefined || !this.#isSending) this.#endSending();
      else this.#cancelNext = this.#options.clock.after(next.dueAt - this.#options.clock.now(), fire);
    };
    fire();
  }

  /** The next request, written before it is due. */
  #prepare(arrivals: Iterator<Arrival>, { warmUpMs, requestsMax }: OpenPlan) {
    const next = this.#measured < requestsMax ? arrivals.next() : { done: true as const };
    if (next.done) return undefined;
    const { atMs, lengths } = next.value;
    if (atMs >= warmUpMs) this.#measured += 1;
    return { dueAt: this.#startedAt + atMs, request: this.#options.mix.make(this.#number++, lengths) };
  }

  #arrive({ dueAt, request }: { dueAt: number; request: LoadRequest }, maxInFlight: number): void {
    if (this.#open.size >= maxInFlight) this.#recorder.dropped(dueAt);
    else this.#send(request, dueAt, () => {});
  }

  #startClosed(plan: ClosedPlan): void {
    const again = () => {
      if (!this.#isSending) return;
      const now = this.#options.clock.now();
      if (now - this.#startedAt >= plan.warmUpMs) this.#measured += 1;
      this.#send(this.#options.mix.make(this.#number++), now, (failed) => {
        if (failed) this.#rest(again);
        else again();
      });
      if (this.#measured >= plan.requestsMax) this.#endSending();
    };
    for (let place = 0; place < plan.concurrency; place += 1) again();
  }

  #send(request: LoadRequest, dueAt: number, then: (failed: boolean) => void): void {
    const { sender, clock } = this.#options;
    this.#recorder.sent(dueAt, clock.now());
    const giveUp = sender.send(request, {
      onToken: (gapMs) => this.#recorder.token(dueAt, gapMs, clock.now()),
      onEnd: (sample: Sample) => {
        this.#open.delete(request.number);
        this.#recorder.ended(dueAt, sample);
        this.#noteRefusal(sample.failure);
        then(sample.failure !== undefined);
        this.#finishIfOver();
      },
    });
    this.#open.set(request.number, { dueAt, giveUp });
  }

  #noteRefusal(failure: Failure | undefined): void {
    if (this.#hasOtherThanRefusals) return;
    if (failure === undefined || !isForGood(failure)) this.#hasOtherThanRefusals = true;
    else this.#onlyRefusals += 1;
    if (this.#onlyRefusals === REFUSALS_MAX && !this.#hasOtherThanRefusals) this.#stop('refused');
  }

  #stop(end: LoadEnd): void {
    if (!this.#isSending && this.#isWindowOver) return;
    this.#end = end;
    this.#endSending();
    this.#endWindow();
  }

  #endSending(): void {
    this.#isSending = false;
    this.#cancelNext();
    this.#finishIfOver();
  }

  /** The measured time is over. What was due in it and is not sent yet, because the generator is late, is sent still. */
  #endWindow(): void {
    this.#isWindowOver = true;
    this.#recorder.closeWindow(this.#options.clock.now());
    if (this.#options.plan.kind === 'closed') this.#endSending();
    else this.#finishIfOver();
  }

  #finishIfOver(): void {
    const { plan, clock, sender } = this.#options;
    const isCounted = this.#measured >= plan.requestsMax || !Number.isFinite(plan.endMs);
    if (this.#isSending || this.#open.size > 0 || !(this.#isWindowOver || isCounted)) return;
    for (const cancel of this.#cancels) cancel();
    const endedAt = clock.now();
    this.#recorder.closeWindow(endedAt);
    this.#done.resolve({
      recorder: this.#recorder,
      end: this.#end,
      ownLoad: this.#ownLoad.stop(),
      startedAt: this.#startedAt,
      endedAt,
      windowMs: this.#recorder.windowMs(endedAt),
      connections: sender.connections,
    });
  }

  #rest(again: () => void): void {
    if (this.#isSending) this.#options.clock.after(FAILURE_REST_MS, again);
  }

  #watchAnew(): void {
    this.#ownLoad.stop();
    this.#ownLoad = new OwnLoadWatch(this.#options.clock, this.#options.meter);
  }

  #at(delayMs: number, call: () => void): void {
    this.#cancels.push(this.#options.clock.after(delayMs, call));
  }
}

/** Whether a refusal says that the same request will never have an answer. */
function isForGood({ status = 0 }: Failure): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429;
}
