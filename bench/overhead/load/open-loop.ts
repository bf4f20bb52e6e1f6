/** Requests at a fixed rate, whatever happens to them: a contender that stalls is charged for all who come meanwhile. */
import { startPacemaker } from '../time/pacemaker.js';
import { Connection } from './connection.js';
import { type LoadContext, type RunningLoad, waitForEnd } from './load.js';

/** Connections at most; what comes while all of them wait, waits for one of them. */
const CONNECTIONS_MAX = 512;

/** A request of the plan. */
interface PlannedRequest {
  plannedMs: number;
  /** Whether it was planned in the measured time. */
  isMeasured: boolean;
}

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
  /** Those that wait for a connection. */
  readonly #waiting: PlannedRequest[] = [];
  /** Planned in the measured time and not answered. */
  #unanswered = 0;

  constructor(context: LoadContext) {
    this.#context = context;
  }

  send(plannedMs: number): void {
    const planned = { plannedMs, isMeasured: this.#context.recorder.isOpen };
    if (planned.isMeasured) this.#unanswered += 1;
    const sender = this.#idle.pop() ?? this.#add();
    if (sender === undefined) this.#waiting.push(planned);
    else sender.send(planned);
  }

  async finish(limitMs: number): Promise<void> {
    await waitForEnd(() => this.#unanswered > 0, limitMs);
    this.#context.recorder.unanswered = this.#unanswered;
    for (const sender of this.#all) sender.close();
  }

  #add(): Sender | undefined {
    if (this.#all.length === CONNECTIONS_MAX) return undefined;
    const sender: Sender = new Sender(this.#context, ({ isMeasured }) => {
      if (isMeasured) this.#unanswered -= 1;
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(sender);
      else sender.send(next);
    });
    this.#all.push(sender);
    return sender;
  }
}

class Sender {
  readonly #context: LoadContext;
  readonly #connection: Connection;
  readonly #onEnd: (ended: PlannedRequest) => void;
  #current: PlannedRequest = { plannedMs: 0, isMeasured: false };

  constructor(context: LoadContext, onEnd: (ended: PlannedRequest) => void) {
    const { fail } = context;
    this.#context = context;
    this.#onEnd = onEnd;
    const handler = { body() {}, end: () => this.#finish(), broken: fail, refused: fail };
    this.#connection = new Connection(context.job.target.port, handler, context.memory);
  }

  send(planned: PlannedRequest): void {
    this.#current = planned;
    this.#connection.send(this.#context.request);
  }

  close(): void {
    this.#connection.close();
  }

  #finish(): void {
    const { plannedMs, isMeasured } = this.#current;
    if (isMeasured) {
      this.#context.recorder.answers += 1;
      this.#context.recorder.latencyMs.push(performance.now() - plannedMs);
    }
    this.#onEnd(this.#current);
  }
}
