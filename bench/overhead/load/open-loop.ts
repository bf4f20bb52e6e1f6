/** Requests at a fixed rate, whatever happens to them: a contender that stalls is charged for all who come meanwhile. */
import { startPacemaker } from '../time/pacemaker.js';
import { Connection } from './connection.js';
import { type LoadContext, type RunningLoad, waitForEnd } from './load.js';

/** Connections at most; what comes while all of them wait, waits for one of them. */
const CONNECTIONS_MAX = 512;

/** Starts sending so many requests a second. */
export function startOpenLoop(context: LoadContext, perSecond: number): RunningLoad {
  const loop = new OpenLoop(context);
  const pacemaker = startPacemaker(perSecond, (plannedMs) => loop.send(plannedMs));
  return {
    async stop(limitMs) {
      await pacemaker.stop();
      await loop.finish(limitMs);
    },
  };
}

class OpenLoop {
  readonly #context: LoadContext;
  readonly #idle: Sender[] = [];
  readonly #all: Sender[] = [];
  /** When those were planned that wait for a connection. */
  readonly #waiting: number[] = [];
  /** Planned in the measured time and not answered. */
  #unanswered = 0;

  constructor(context: LoadContext) {
    this.#context = context;
  }

  send(plannedMs: number): void {
    if (this.#context.recorder.isOpen) this.#unanswered += 1;
    const sender = this.#idle.pop() ?? this.#add();
    if (sender === undefined) this.#waiting.push(plannedMs);
    else sender.send(plannedMs, this.#context.recorder.isOpen);
  }

  async finish(limitMs: number): Promise<void> {
    await waitForEnd(() => this.#unanswered > 0, limitMs);
    this.#context.recorder.unanswered = this.#unanswered;
    for (const sender of this.#all) sender.close();
  }

  #add(): Sender | undefined {
    if (this.#all.length === CONNECTIONS_MAX) return undefined;
    const sender: Sender = new Sender(this.#context, (isMeasured) => {
      if (isMeasured) this.#unanswered -= 1;
      const plannedMs = this.#waiting.shift();
      if (plannedMs === undefined) this.#idle.push(sender);
      else sender.send(plannedMs, this.#context.recorder.isOpen);
    });
    this.#all.push(sender);
    return sender;
  }
}

class Sender {
  readonly #context: LoadContext;
  readonly #connection: Connection;
  readonly #onEnd: (isMeasured: boolean) => void;
  #plannedMs = 0;
  #isMeasured = false;

  constructor(context: LoadContext, onEnd: (isMeasured: boolean) => void) {
    const { fail } = context;
    this.#context = context;
    this.#onEnd = onEnd;
    const handler = { body() {}, end: () => this.#finish(), broken: fail, refused: fail };
    this.#connection = new Connection(context.job.target.port, handler, context.memory);
  }

  send(plannedMs: number, isMeasured: boolean): void {
    this.#plannedMs = plannedMs;
    this.#isMeasured = isMeasured;
    this.#connection.send(this.#context.request);
  }

  close(): void {
    this.#connection.close();
  }

  #finish(): void {
    if (this.#isMeasured) {
      this.#context.recorder.answers += 1;
      this.#context.recorder.latencyMs.push(performance.now() - this.#plannedMs);
    }
    this.#onEnd(this.#isMeasured);
  }
}
