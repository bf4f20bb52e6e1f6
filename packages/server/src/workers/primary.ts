/**
 * The primary process of several workers: serves no request itself, but starts the workers, and does for all of them what
 * must not be done twice: the limits in memory, the writing of a SQLite ledger.
 */
import cluster from 'node:cluster';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Operations } from '../admin/operations.js';
import { recordReload } from '../assemble/reload.js';
import type { Config } from '../config/settings.js';
import { MemoryLimiter, systemTimers, WaitingRoom } from '../limits/index.js';
import { systemClock } from '../observe/clock.js';
import type { Log } from '../observe/log.js';
import { measureProcess } from '../observe/sum-metrics.js';
import type { ReloadReport } from '../platform.js';
import type { Access } from '../store/open-access.js';
import { Crew } from './crew.js';
import type { Seat, Started } from './dialogue.js';
import { LedgerWriter } from './ledger/ledger-writer.js';
import { createAllWorkers } from './operations/all-workers.js';
import { call, type OperateCall } from './operations/calls.js';
import { Seats } from './seats.js';
import { createTurns, type InTurn } from './turns.js';
import { WorkerHandle } from './worker-handle.js';

/** Any long time, in ms: what happens then is nothing. */
const DAY_MS = 86_400_000;

export interface PrimaryOptions {
  /** `workers` is how many there are. */
  readonly config: Config;
  /** Reads the configuration again. Rejects with a ConfigError. */
  readonly readConfig: () => Promise<Config>;
  readonly secret: string | undefined;
  /** Closed when the workers have ended. */
  readonly access: Access;
  readonly log: Log;
}

export class Primary {
  /** What operators see and change of all workers. */
  readonly operations: Operations;
  /** Rejects when a worker keeps dying; then all of them have been stopped. */
  readonly failed: Promise<never>;
  readonly #options: PrimaryOptions;
  readonly #crew: Crew<WorkerHandle>;
  readonly #writer: LedgerWriter;
  readonly #limiter = new WaitingRoom({ limiter: new MemoryLimiter(systemClock), clock: systemClock });
  readonly #seats: Seats;
  /** Changes and seats: who is seated after a change is told of it, and who is seated before is asked for it. */
  readonly #inTurn: InTurn = createTurns();
  /** Timers alone do not keep a process running, and there are pauses in which no worker does. */
  readonly #alive = setInterval(() => {}, DAY_MS);

  constructor(options: PrimaryOptions) {
    const { config, secret, access, log } = options;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    this.failed = failed.promise;
    this.#options = options;
    this.#writer = new LedgerWriter(access.ledger);
    this.#seats = new Seats(config, secret);
    this.#crew = new Crew({
      ...{ size: config.workers, clock: systemClock, timers: systemTimers, log },
      fork: (index) => this.#fork(index),
      release: (worker) => this.#release(worker),
      onHopeless: (error) => void this.stop(0).then(() => failed.reject(error)),
    });
    this.operations = createAllWorkers({
      ...{ crew: this.#crew, changes: this.#seats.changes, inTurn: this.#inTurn, ownMetrics: measureProcess() },
      reload: (actor) => this.#reload(actor),
    });
  }

  /** Resolves once all workers listen. Rejects when one cannot; then none is left. */
  async start(): Promise<Started> {
    // Bytes and amounts of money arrive as they are.
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker-program.js', import.meta.url)),
      args: [],
      serialization: 'advanced',
    });
    try {
      const started = await this.#crew.start();
      this.#seats.listening(started.url);
      return started;
    } catch (error) {
      clearInterval(this.#alive);
      throw error;
    }
  }

  /** Resolves with the names of what generates. */
  async ready(): Promise<string[]> {
    const answers = await this.#crew.ask(() => ['ready'], true);
    const names = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value as string[]);
    return names[0] ?? [];
  }

  /** Lets requests under way finish for at most `timeoutMs`; returns how many connections were cut. */
  async stop(timeoutMs: number): Promise<number> {
    const cut = await this.#crew.stop(timeoutMs);
    await this.#close();
    return cut;
  }

  /** Ends all workers at once, and gives back what they had. */
  async cut(): Promise<void> {
    await this.#crew.cut();
    await this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#alive);
    await this.#options.access.close();
    this.#options.log.flush();
  }

  #fork(index: number): WorkerHandle {
    return new WorkerHandle({
      ...{ index, limiter: this.#limiter, writer: this.#writer },
      giveSeat: (worker) => this.#inTurn(() => this.#seat(worker)),
      operate: (asked: OperateCall) => call(this.operations, asked),
    });
  }

  #seat(worker: WorkerHandle): Seat {
    worker.hasSeat = true;
    return this.#seats.take(worker.index, !this.#crew.isListening);
  }

  /** Gives back what a worker had that has ended. */
  async #release({ desk, processId }: WorkerHandle): Promise<void> {
    const { access, log } = this.#options;
    const host = hostname();
    try {
      await desk.close();
      // What it had sent comes first: a hold that is made after the release would stay for ever.
      await this.#writer.idle();
      await access.ledger.releaseOrphans(
        systemClock.now(),
        (server) => server.host === host && server.processId === processId,
      );
    } catch (error) {
      log.error({ err: error, pid: processId }, 'what a worker held could not be released yet');
    }
  }

  /** What one worker refuses all refuse, for they have the same to go by. */
  async #reload(actor: string): Promise<ReloadReport> {
    const { readConfig, access, log } = this.#options;
    const next = await readConfig();
    const answers = await this.#crew.ask((index) => ['takeOn', this.#seats.partOf(next, index)], true);
    const refused = answers.filter((answer) => answer.status === 'rejected');
    const report = answers.find((answer) => answer.status === 'fulfilled')?.value as ReloadReport | undefined;
    if (report === undefined) throw refused[0]?.reason ?? new Error('No worker is there to take the configuration on.');
    this.#seats.tookOn(next);
    for (const { worker, reason } of refused) {
      log.error({ worker: worker.index, err: reason }, 'a worker has not taken the configuration on: it is replaced');
      worker.kill();
    }
    const { changed, needsRestart } = report;
    log.info({ changed, needsRestart, actor }, 'all workers have read the configuration again');
    await recordReload(access, report, { actor, at: systemClock.now() });
    return report;
  }
}
