/** Loads against an endpoint that is played in virtual time: an hour takes a moment, and nothing depends on the machine. */
import { VirtualClock } from '#client/plan/index.js';
import type { Objective } from '#server/load/objective.js';
import type { ProcessMeter } from '#server/load/own-load.js';
import type { LoadPlan } from '#server/load/plan.js';
import type { LoadRequest } from '#server/load/request-mix.js';
import { type LoadResult, LoadRun } from '#server/load/run-load.js';
import type { Failure, TokenUsage } from '#server/load/sample.js';
import type { Sender, Watcher } from '#server/load/sender.js';

/** What comes of a request, in ms from when it was sent. */
export interface PlayedAnswer {
  readonly endsAfterMs: number;
  /** When its events with text come; none for a buffered answer. */
  readonly tokensAfterMs?: readonly number[];
  readonly usage?: TokenUsage;
  readonly failure?: Failure;
}

/** @param atMs When it was sent, from the start of the load. */
export type Play = (atMs: number, request: LoadRequest) => PlayedAnswer;

export const IDLE_METER: ProcessMeter = { cpuMs: () => 0, busyMs: () => 0 };
export const USAGE: TokenUsage = { prompt: 100, cached: 40, answer: 5 };
export const BEGINNING = 1_700_000_000_000;

const REQUEST = { path: '/chat/completions', body: '{}', isStreamed: true };

export class PlayedSender implements Sender {
  connections = 1;
  /** When each request was sent, from the start of the load. */
  readonly sentAt: number[] = [];
  readonly #clock: VirtualClock;
  readonly #play: Play;

  constructor(clock: VirtualClock, play: Play) {
    this.#clock = clock;
    this.#play = play;
  }

  send(request: LoadRequest, watcher: Watcher): () => void {
    const sentAt = this.#clock.now();
    this.sentAt.push(sentAt - BEGINNING);
    const { endsAfterMs, tokensAfterMs = [], usage = USAGE, failure } = this.#play(sentAt - BEGINNING, request);
    const cancels = tokensAfterMs.map((afterMs, index) =>
      this.#clock.after(afterMs, () => watcher.onToken(index === 0 ? undefined : afterMs - tokensAfterMs[index - 1]!)),
    );
    const at = (afterMs: number | undefined) => (afterMs === undefined ? undefined : sentAt + afterMs);
    cancels.push(
      this.#clock.after(endsAfterMs, () =>
        watcher.onEnd({
          isStreamed: tokensAfterMs.length > 0,
          endedAt: this.#clock.now(),
          firstByteAt: at(tokensAfterMs[0] ?? endsAfterMs),
          firstTokenAt: at(tokensAfterMs[0]),
          lastTokenAt: at(tokensAfterMs.at(-1)),
          tokenEvents: tokensAfterMs.length,
          usage: failure === undefined ? usage : undefined,
          failure,
        }),
      ),
    );
    return () => {
      for (const cancel of cancels) cancel();
    };
  }

  async close(): Promise<void> {}
}

export interface PlayedLoad {
  readonly run: LoadRun;
  readonly clock: VirtualClock;
  readonly sender: PlayedSender;
}

export function startPlayed(plan: LoadPlan, play: Play, objective: Objective = []): PlayedLoad {
  const clock = new VirtualClock(BEGINNING);
  const sender = new PlayedSender(clock, play);
  const mix = { make: (number: number) => ({ ...REQUEST, number }) };
  return { run: new LoadRun({ plan, mix, sender, objective, clock, meter: IDLE_METER }), clock, sender };
}

/** Plays a load to its end. */
export async function playLoad(plan: LoadPlan, play: Play, objective: Objective = []): Promise<LoadResult> {
  const { run, clock } = startPlayed(plan, play, objective);
  return playOn(run, clock);
}

/** Lets time pass until a load is over. Its watch over the generator would go on for ever, so its end is waited for. */
export async function playOn(run: LoadRun, clock: VirtualClock): Promise<LoadResult> {
  let isOver = false;
  void run.result.then(() => {
    isOver = true;
  });
  for (let steps = 0; !isOver; steps += 1) {
    if (!clock.step()) break;
    if (steps % 100 === 0) await Promise.resolve();
  }
  return run.result;
}
