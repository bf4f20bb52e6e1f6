/** One worker as the primary has it, from its fork to its end. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Limiter } from '../limits/limiter.js';
import { Channel, type Message } from './channel.js';
import type { Replies, Seat, Started } from './dialogue.js';
import type { LedgerWriter } from './ledger/ledger-writer.js';
import { LimitDesk } from './limits/limit-desk.js';

export interface WorkerHandleOptions {
  /** Which of the workers; the first one is 0. */
  readonly index: number;
  readonly limiter: Limiter;
  readonly writer: Pick<LedgerWriter, 'apply'>;
  /** What the worker is to be; from then on it takes part in everything that is asked of all. */
  readonly giveSeat: (handle: WorkerHandle) => Promise<Seat>;
  readonly operate: NonNullable<Replies['operate']>;
}

export class WorkerHandle {
  readonly index: number;
  readonly processId: number;
  readonly channel: Channel;
  readonly desk: LimitDesk;
  /** Resolves once it listens; rejects with why it could not, or when it has ended before. */
  readonly started: Promise<Started>;
  /** Resolves with how it ended, such as `exit code 1`, once nothing more comes from it. */
  readonly ended: Promise<string>;
  /** Whether it has been told what it is to be. */
  hasSeat = false;
  isListening = false;
  readonly #worker: Worker;

  /** Forks a process. */
  constructor({ index, limiter, writer, giveSeat, operate }: WorkerHandleOptions) {
    const worker = cluster.fork();
    const start = Promise.withResolvers<Started>();
    const desk = new LimitDesk(limiter);
    this.index = index;
    this.processId = worker.process.pid ?? 0;
    this.desk = desk;
    this.#worker = worker;
    this.channel = new Channel({
      send: (messages) => worker.send(messages, ignoreFailure),
      replies: {
        admit: (message) => desk.admit(message),
        settle: (message) => desk.settle(message),
        abandon: (ticket) => desk.abandon(ticket),
        peek: (message) => desk.peek(message),
        apply: (message) => writer.apply(message),
        seat: () => giveSeat(this),
        operate,
        started: (started) => {
          this.isListening = true;
          start.resolve(started);
        },
        failed(reason) {
          start.reject(new Error(reason));
          return true;
        },
      },
    });
    worker.on('error', ignoreFailure);
    worker.on('message', (messages: readonly Message[]) => this.channel.receive(messages));
    this.started = start.promise;
    this.started.catch(() => {});
    this.ended = this.#end(start.reject);
  }

  /** Ends it at once. */
  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  async #end(failStart: (error: Error) => void): Promise<string> {
    const { process } = this.#worker;
    const [[code, signal]] = (await Promise.all([once(process, 'exit'), once(process, 'disconnect')])) as [
      [number | null, string | null],
      unknown,
    ];
    this.isListening = false;
    this.channel.close();
    const how = signal ?? `exit code ${code}`;
    failStart(new Error(`A worker has ended before it listened (${how}): see the log above.`));
    return how;
  }
}

/** A worker that is gone is known by its end. */
function ignoreFailure(): void {}
