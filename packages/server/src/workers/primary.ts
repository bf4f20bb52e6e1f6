/**
 * The primary process of several workers: serves no request itself, but starts the workers, and does for all of them what
 * must not be done twice: the limits in memory, the writing of a SQLite ledger, the first key.
 */
import cluster from 'node:cluster';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ensureFirstKey } from '../accounts/bootstrap.js';
import type { Operations } from '../admin/operations.js';
import { openAccounts } from '../assemble/accounts.js';
import { mergeReloadable, recordReload } from '../assemble/reload.js';
import type { Config } from '../config/settings.js';
import type { FaultSummary } from '../faults/faults.js';
import { MemoryLimiter, systemTimers, WaitingRoom } from '../limits/index.js';
import { systemClock } from '../observe/clock.js';
import { createLog, type Log } from '../observe/log.js';
import { measureProcess } from '../observe/sum-metrics.js';
import type { ReloadReport } from '../platform.js';
import type { Access } from '../store/open-access.js';
import { Crew } from './crew.js';
import type { Seat } from './dialogue.js';
import { LedgerWriter } from './ledger/ledger-writer.js';
import { createAllWorkers } from './operations/all-workers.js';
import { call } from './operations/calls.js';
import { Changes } from './operations/changes.js';
import { findCrowded, shareConfig } from './share-config.js';
import { createTurns, type InTurn } from './turns.js';
import { WorkerHandle } from './worker-handle.js';

/** Any long time, in ms: what happens then is nothing. */
const DAY_MS = 86_400_000;
/** The connections of the primary to a PostgreSQL, which it asks little. */
const CONNECTIONS = 2;

export interface WorkersOptions {
  /** `workers` is how many there are. */
  readonly config: Config;
  /** Reads the configuration again, for reloads. Rejects with a ConfigError. */
  readonly readConfig: () => Promise<Config>;
  /** The secret of the keys in 64 hex digits, instead of the file in the data folder. */
  readonly secret?: string | undefined;
}

/** Workers that listen. */
export interface RunningWorkers {
  /** `http://host:port`, of all of them. */
  readonly url: string;
  /** The key that this start minted, when it was the first one of its data folder. */
  readonly firstKey: string | undefined;
  /** What is injected on purpose. */
  readonly faults: FaultSummary;
  /** Rejects with a sentence when a worker keeps dying; then all of them have been stopped. */
  readonly failed: Promise<never>;
  /** Resolves with the names of what generates. */
  ready(): Promise<string[]>;
  /** Reads the configuration again; all take it on, or none. Rejects with a ConfigError; then nothing changed. */
  reload(): Promise<ReloadReport>;
  /** Lets requests under way finish for at most `timeoutMs`, then stops; returns how many connections were cut. */
  stop(timeoutMs?: number): Promise<number>;
  /** Stops in the middle of whatever is done, and gives back what was held. */
  cut(): Promise<void>;
}

/** Starts the primary in this process, and its workers. Rejects with a sentence when they cannot be started. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { config, secret } = options;
  const log = createLog(config.log.level, { isShared: true });
  const ownConfig = { ...config, database: { ...config.database, connections: CONNECTIONS } };
  const access = await openAccounts(ownConfig, { clock: systemClock, log, secret });
  try {
    const firstKey = await ensureFirstKey(access);
    warnOfCrowds(config, log);
    const primary = new Primary(options, access, log);
    const { url, faults } = await primary.start();
    return {
      ...{ url, firstKey: firstKey?.key, faults, failed: primary.failed },
      ready: () => primary.ready(),
      reload: () => primary.operations.reload('server'),
      stop: (timeoutMs = config.http.drain_timeout_s * 1000) => primary.stop(timeoutMs),
      cut: () => primary.cut(),
    };
  } catch (error) {
    await access.close();
    throw error;
  }
}

function warnOfCrowds(config: Config, log: Log): void {
  for (const crowded of findCrowded(config)) {
    const what = 'an engine has fewer places than there are workers: each of them gives it one request at a time';
    log.warn({ ...crowded, workers: config.workers }, what);
  }
}

class Primary {
  readonly operations: Operations;
  readonly failed: Promise<never>;
  readonly #options: WorkersOptions;
  readonly #access: Access;
  readonly #log: Log;
  readonly #crew: Crew<WorkerHandle>;
  readonly #changes = new Changes();
  /** Timers alone do not keep a process running, and there are pauses in which no worker does. */
  readonly #alive = setInterval(() => {}, DAY_MS);
  /** Changes and seats: who is seated after a change is told of it, and who is seated before is asked for it. */
  readonly #inTurn: InTurn = createTurns();
  /** What all workers have taken on. */
  #config: Config;
  /** The port that new workers ask for. */
  #port: number;
  /** The one that was taken. */
  #takenPort: number | undefined;

  constructor(options: WorkersOptions, access: Access, log: Log) {
    const { config } = options;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    this.failed = failed.promise;
    this.#options = options;
    this.#access = access;
    this.#log = log;
    this.#config = config;
    this.#port = config.port;
    this.operations = this.#createOperations();
    const writer = new LedgerWriter(access.ledger);
    this.#crew = new Crew({
      ...{ size: config.workers, clock: systemClock, timers: systemTimers, log },
      fork: this.#createFork(writer),
      release: (worker) => this.#release(worker, writer),
      onHopeless: (error) => void this.stop(0).then(() => failed.reject(error)),
    });
  }

  /** Rejects when a worker cannot start; then none is left. */
  async start(): Promise<{ url: string; faults: FaultSummary }> {
    // Bytes and amounts of money arrive as they are.
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker-program.js', import.meta.url)),
      args: [],
      serialization: 'advanced',
    });
    const started = await this.#crew.start().catch((error) => this.#giveUp(error));
    this.#takenPort = Number(new URL(started.url).port);
    return started;
  }

  #giveUp(error: unknown): never {
    clearInterval(this.#alive);
    throw error;
  }

  async ready(): Promise<string[]> {
    const answers = await this.#crew.ask(() => ['ready'], true);
    const names = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value as string[]);
    return names[0] ?? [];
  }

  async stop(timeoutMs: number): Promise<number> {
    const cut = await this.#crew.stop(timeoutMs);
    await this.#close();
    return cut;
  }

  async cut(): Promise<void> {
    await this.#crew.cut();
    await this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#alive);
    await this.#access.close();
    this.#log.flush();
  }

  #createFork(writer: LedgerWriter): (index: number) => WorkerHandle {
    const limiter = new WaitingRoom({ limiter: new MemoryLimiter(systemClock), clock: systemClock });
    const giveSeat = (handle: WorkerHandle) => this.#inTurn(() => this.#seat(handle));
    const operate = (asked: Parameters<typeof call<Operations>>[1]) => call(this.operations, asked);
    return (index) => new WorkerHandle({ index, limiter, writer, giveSeat, operate });
  }

  #seat(handle: WorkerHandle): Seat {
    handle.hasSeat = true;
    // The port that was free belongs to the workers that listen on it; without any it is asked for by its number.
    if (!this.#crew.isListening) this.#port = this.#takenPort ?? this.#port;
    return {
      config: this.#partOf(this.#config, handle.index),
      secret: this.#options.secret,
      changes: this.#changes.list(),
    };
  }

  #partOf(config: Config, index: number): Config {
    const { port, workers } = this.#options.config;
    const part = shareConfig(config, { index, of: workers });
    return config.port === port ? { ...part, port: this.#port } : part;
  }

  /** Gives back what a worker had that has ended. */
  async #release({ desk, processId }: WorkerHandle, writer: LedgerWriter): Promise<void> {
    try {
      await desk.close();
      // What it had sent comes first: a hold that is made after the release would stay for ever.
      await writer.idle();
      const host = hostname();
      await this.#access.ledger.releaseOrphans(
        systemClock.now(),
        (server) => server.host === host && server.processId === processId,
      );
    } catch (error) {
      this.#log.error({ err: error, pid: processId }, 'what a worker held could not be released yet');
    }
  }

  #createOperations(): Operations {
    const changing = new Set(['setDraining', 'addFault', 'removeFault', 'clearFaults']);
    const operations = createAllWorkers({
      askAll: async (asked) => {
        const answers = await this.#crew.ask(() => asked, changing.has(asked[0]));
        return answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value) as never;
      },
      changes: this.#changes,
      ownMetrics: measureProcess(),
      reload: (actor) => this.#reload(actor),
    });
    const { setDraining, addFault, removeFault, clearFaults, reload } = operations;
    return {
      ...operations,
      setDraining: (...args) => this.#inTurn(() => setDraining(...args)),
      addFault: (...args) => this.#inTurn(() => addFault(...args)),
      removeFault: (...args) => this.#inTurn(() => removeFault(...args)),
      clearFaults: () => this.#inTurn(() => clearFaults()),
      reload: (actor) => this.#inTurn(() => reload(actor)),
    };
  }

  /** What one worker refuses all refuse, for they have the same to go by. */
  async #reload(actor: string): Promise<ReloadReport> {
    const next = await this.#options.readConfig();
    const answers = await this.#crew.ask((index) => ['takeOn', this.#partOf(next, index)], true);
    const refused = answers.filter((answer) => answer.status === 'rejected');
    const report = answers.find((answer) => answer.status === 'fulfilled')?.value as ReloadReport | undefined;
    if (report === undefined) throw refused[0]?.reason ?? new Error('No worker is there to take the configuration on.');
    this.#config = mergeReloadable(this.#config, next);
    this.#changes.reloaded();
    for (const { worker, reason } of refused) {
      this.#log.error(
        { worker: worker.index, err: reason },
        'a worker has not taken the configuration on: it is replaced',
      );
      worker.kill();
    }
    const { changed, needsRestart } = report;
    this.#log.info({ changed, needsRestart, actor }, 'all workers have read the configuration again');
    await recordReload(this.#access, report, { actor, at: systemClock.now() });
    return report;
  }
}
