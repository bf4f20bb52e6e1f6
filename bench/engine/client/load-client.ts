/** The benchmark's end of the load client: starts the process, hands it loads and receives what it saw. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromClient, LoadJob, Target, ToClient, Window } from './protocol.js';

/** Is called at the moment when the measured time begins or ends. */
export type WindowEdge = () => void;

/** A running load client that is connected to one target. */
export class LoadClient {
  readonly #process: ChildProcess;
  #engineProcessId: number | undefined;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Starts a client and opens its target. Throws when the target cannot be opened. */
  static async open(target: Target): Promise<LoadClient> {
    const client = new LoadClient(fork(fileURLToPath(new URL('./main.js', import.meta.url))));
    try {
      const opened = await client.#ask({ type: 'open', target }, 'opened', () => {});
      client.#engineProcessId = opened.engineProcessId;
      return client;
    } catch (error) {
      client.#process.kill();
      throw error;
    }
  }

  /** The client's own process. */
  get processId(): number {
    return this.#process.pid!;
  }

  /** The engine process that the client started for a link target. */
  get engineProcessId(): number | undefined {
    return this.#engineProcessId;
  }

  /** Runs one load; `edge` is called when its measured time begins and again when it ends. Throws when a request fails. */
  async run(job: LoadJob, edge: WindowEdge): Promise<Window[]> {
    return (await this.#ask({ type: 'run', job }, 'ran', edge)).windows;
  }

  /** Ends the client, and its engine process if it started one. */
  async close(): Promise<void> {
    await this.#ask({ type: 'close' }, 'closed', () => {});
    const exited = once(this.#process, 'exit');
    this.#process.kill();
    await exited;
  }

  #ask<Type extends FromClient['type']>(
    question: ToClient,
    expected: Type,
    edge: WindowEdge,
  ): Promise<Extract<FromClient, { type: Type }>> {
    return new Promise((resolve, reject) => {
      const listen = (message: FromClient) => {
        if (message.type === 'opened-window' || message.type === 'closed-window') return edge();
        stop();
        if (message.type === expected) resolve(message as Extract<FromClient, { type: Type }>);
        else reject(new Error(message.type === 'failed' ? message.message : `Unexpected answer: ${message.type}`));
      };
      const leave = () => {
        stop();
        reject(new Error('The load client ended.'));
      };
      const stop = () => {
        this.#process.off('message', listen).off('exit', leave);
      };
      this.#process.on('message', listen).once('exit', leave);
      this.#process.send(question);
    });
  }
}
