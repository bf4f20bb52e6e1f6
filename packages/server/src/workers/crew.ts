/** All workers: starts them, follows those that die, and asks all of them. */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { Log } from '../observe/log.js';
import type { Started } from './dialogue.js';
import type { PerformCall } from './operations/calls.js';
import { DEATHS_MAX, Restarts } from './restarts.js';
import type { WorkerHandle } from './worker-handle.js';

/** A worker, as far as it is one of several. */
export type Member = Pick<
  WorkerHandle,
  'index' | 'processId' | 'hasSeat' | 'isListening' | 'started' | 'ended' | 'kill'
> & {
  readonly channel: Pick<WorkerHandle['channel'], 'ask'>;
};

/** How long a worker has for an answer to an operator, in ms: one that is that busy is left out. */
const ANSWER_TIMEOUT_MS = 5000;
/** How long a worker has to take a change on, in ms. */
const CHANGE_TIMEOUT_MS = 30_000;
/** How much longer than its requests a stopping worker may take to write what is not durable yet, in ms. */
const STOP_MARGIN_MS = 10_000;

export interface CrewOptions<Worker extends Member> {
  readonly size: number;
  readonly fork: (index: number) => Worker;
  /** Gives back what a worker had that has ended. Never rejects. */
  readonly release: (worker: Worker) => Promise<void>;
  /** Told when a worker keeps dying: then there will be no more of it. */
  readonly onHopeless: (error: Error) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** What one worker said; a failure is what it threw, or that it is gone. */
export type Answer<Worker extends Member> = { readonly worker: Worker } & PromiseSettledResult<unknown>;

export class Crew<Worker extends Member> {
  readonly #options: CrewOptions<Worker>;
  readonly #restarts: readonly Restarts[];
  /** Those that live, and those that have just ended and still have to be released. */
  readonly #workers = new Map<number, Worker>();
  readonly #releases = new Set<Promise<void>>();
  #isStopping = false;

  constructor(options: CrewOptions<Worker>) {
    this.#options = options;
    this.#restarts = Array.from({ length: options.size }, () => new Restarts(options.clock));
  }

  /** Whether any of them listens. */
  get isListening(): boolean {
    return this.#listening().length > 0;
  }

  /** Starts all. Resolves with what the first one says once all of them listen; rejects when one cannot, and ends them. */
  async start(): Promise<Started> {
    const workers = this.#restarts.map((_, index) => this.#fork(index));
    try {
      const started = await Promise.all(workers.map((worker) => worker.started));
      for (const { index, processId } of workers)
        this.#options.log.info({ worker: index, pid: processId }, 'a worker listens');
      return started[0]!;
    } catch (error) {
      await this.cut();
      throw error;
    }
  }

  /** Asks all that listen, and in time; with `alsoStarting` those too that know their seat and will listen. */
  async ask(callOf: (index: number) => PerformCall, alsoStarting = false): Promise<Answer<Worker>[]> {
    const workers = alsoStarting ? this.#all().filter(({ hasSeat }) => hasSeat) : this.#listening();
    const asked = workers.map(async (worker): Promise<Answer<Worker>> => {
      const answer = worker.channel.ask('perform', callOf(worker.index));
      const [result] = await Promise.allSettled([
        this.#inTime(answer, alsoStarting ? CHANGE_TIMEOUT_MS : ANSWER_TIMEOUT_MS),
      ]);
      return { worker, ...result };
    });
    return Promise.all(asked);
  }

  /** Lets the requests of all come to their ends for at most `timeoutMs`. Returns how many connections were cut. */
  async stop(timeoutMs: number): Promise<number> {
    this.#isStopping = true;
    const cancel = this.#options.timers.after(timeoutMs + STOP_MARGIN_MS, () => void this.cut());
    for (const worker of this.#all()) if (!worker.isListening) worker.kill();
    const stopped = this.#listening().map((worker) =>
      worker.channel.ask('perform', ['stop', timeoutMs]).then(Number, () => 0),
    );
    const cut = await Promise.all(stopped);
    await this.#gone();
    cancel();
    return cut.reduce((sum, count) => sum + count, 0);
  }

  /** Ends all of them in the middle of whatever they do, and gives back what they had. */
  async cut(): Promise<void> {
    this.#isStopping = true;
    for (const worker of this.#all()) worker.kill();
    await this.#gone();
  }

  #all(): Worker[] {
    return [...this.#workers.values()];
  }

  #listening(): Worker[] {
    return this.#all().filter(({ isListening }) => isListening);
  }

  #fork(index: number): Worker {
    this.#restarts[index]?.started();
    const worker = this.#options.fork(index);
    this.#workers.set(index, worker);
    const released = this.#follow(worker).finally(() => this.#releases.delete(released));
    this.#releases.add(released);
    return worker;
  }

  async #follow(worker: Worker): Promise<void> {
    const { release, log } = this.#options;
    const { index, processId } = worker;
    const end = await worker.ended;
    await release(worker);
    this.#workers.delete(index);
    if (this.#isStopping) return;
    log.error({ worker: index, pid: processId, end }, 'a worker has ended: what it held is given back');
    this.#replace(index, end);
  }

  #replace(index: number, end: string): void {
    const { timers, log, onHopeless } = this.#options;
    const pauseMs = this.#restarts[index]?.died();
    if (pauseMs === undefined) {
      const message = `Worker ${index} has ended ${DEATHS_MAX} times in a row soon after its start, last with ${end}: see the log above.`;
      onHopeless(new Error(message));
      return;
    }
    timers.after(pauseMs, () => {
      if (this.#isStopping) return;
      const worker = this.#fork(index);
      worker.started.then(
        () => log.info({ worker: index, pid: worker.processId }, 'another worker has taken its place'),
        (error) => log.error({ worker: index, err: error }, 'a worker could not start'),
      );
    });
  }

  async #gone(): Promise<void> {
    await Promise.all(this.#releases);
  }

  #inTime<Result>(answer: Promise<Result>, timeoutMs: number): Promise<Result> {
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#options.timers.after(timeoutMs, () => reject(new Error('A worker does not answer.')));
    });
    return Promise.race([answer, late]).finally(() => cancel());
  }
}
