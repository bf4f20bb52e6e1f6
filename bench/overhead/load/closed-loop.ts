/** Connections that send their next request when the last is answered: the most that a contender can do. */
import { Connection } from './connection.js';
import { type LoadContext, type RunningLoad, waitForEnd } from './load.js';

/** Starts so many connections. */
export function startClosedLoop(context: LoadContext, connections: number): RunningLoad {
  const clients = Array.from({ length: connections }, () => new Client(context));
  for (const client of clients) client.next();
  return {
    async stop(limitMs) {
      for (const client of clients) client.isStopped = true;
      await waitForEnd(() => clients.some(({ isWaiting }) => isWaiting), limitMs);
      for (const client of clients) client.close();
    },
  };
}

class Client {
  readonly #context: LoadContext;
  readonly #connection: Connection;
  #sentAtMs = 0;
  isStopped = false;
  isWaiting = false;

  constructor(context: LoadContext) {
    this.#context = context;
    this.#connection = new Connection(context.job.target.port, this.#handler(), context.memory);
  }

  next(): void {
    this.isWaiting = true;
    this.#sentAtMs = performance.now();
    this.#connection.send(this.#context.request);
  }

  close(): void {
    this.#connection.close();
  }

  #handler() {
    const { fail } = this.#context;
    return { body() {}, end: () => this.#finish(), broken: fail, refused: fail };
  }

  #finish(): void {
    const { recorder } = this.#context;
    this.isWaiting = false;
    if (recorder.isOpen) {
      recorder.answers += 1;
      recorder.latencyMs.push(performance.now() - this.#sentAtMs);
    }
    if (!this.isStopped) this.next();
  }
}
