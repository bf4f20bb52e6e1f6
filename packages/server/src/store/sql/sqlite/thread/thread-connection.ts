/** The connection to a SQLite database that lives in a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { LedgerOperation, OperationResult } from '../../../../ledger/ledger-store.js';
import { pack } from '../../../../ledger/pack-settlement.js';
import { StoreError } from '../../../store-error.js';
import type { SqliteConnection, StatementResult } from '../connection.js';
import { type Outcome, type Task, type ThreadData, toError } from './messages.js';

/** Room of the thread for young objects, in MB: it makes few, and has the large one of the server otherwise. */
const YOUNG_MB_MAX = 8;

interface Asked {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export class ThreadConnection implements SqliteConnection {
  readonly #worker: Worker;
  readonly #path: string;
  /** In the order in which the thread answers. */
  readonly #asked: Asked[] = [];
  #end: StoreError | undefined;

  private constructor(path: string) {
    const workerData: ThreadData = { path };
    this.#path = path;
    this.#worker = new Worker(new URL('./database-thread.js', import.meta.url), {
      ...{ workerData, name: 'database' },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB_MAX },
    });
    this.#worker.on('message', (outcome: Outcome) => this.#answer(outcome));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#worker.on('exit', () => this.#lose());
  }

  /** Opens the file, made when there is none. Rejects with a StoreError. */
  static async open(path: string): Promise<ThreadConnection> {
    const connection = new ThreadConnection(path);
    try {
      await connection.#await();
      return connection;
    } catch (error) {
      await connection.#worker.terminate();
      throw error;
    }
  }

  execute(sql: string): Promise<void> {
    return this.#ask({ kind: 'execute', sql });
  }

  query(sql: string, parameters: readonly unknown[]): Promise<StatementResult> {
    return this.#ask({ kind: 'query', sql, parameters });
  }

  rollback(): Promise<void> {
    return this.#ask({ kind: 'rollback' });
  }

  /** One transaction of the ledger, which must not come between the statements of another one. */
  apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]> {
    return this.#ask({ kind: 'apply', operations: operations.map(pack), serverId });
  }

  /** Once it is closed, everything fails. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    await this.#ask({ kind: 'close' });
    await ended;
  }

  #ask<Result>(task: Task): Promise<Result> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#worker.postMessage(task);
    return this.#await();
  }

  #await<Result>(): Promise<Result> {
    return new Promise<Result>((resolve, reject) => this.#asked.push({ resolve, reject }));
  }

  #answer(outcome: Outcome): void {
    const asked = this.#asked.shift();
    if ('failure' in outcome) asked?.reject(toError(outcome.failure));
    else asked?.resolve(outcome.result as never);
  }

  #lose(cause?: unknown): void {
    this.#end ??= new StoreError('unavailable', `The database ${this.#path} is closed.`, cause);
    for (const { reject } of this.#asked.splice(0)) reject(this.#end);
  }
}
