/** The benchmark's ends of its two helpers, the stub upstream and the load generator: processes of their own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromGenerator, Job, JobResult, ToGenerator } from './load/protocol.js';

/** A stub upstream that listens. */
export interface Upstream {
  port: number;
  processId: number;
  stop(): Promise<void>;
}

/** Starts a stub upstream on one processor, or on all. */
export async function startUpstream(processor: number | undefined): Promise<Upstream> {
  const child = start('./upstream/main.js', processor);
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { port: message.port, processId: child.pid!, stop: () => end(child) };
}

/** A load generator. */
export class Generator {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts one on one processor, or on all. */
  static start(processor: number | undefined): Generator {
    return new Generator(start('./load/main.js', processor));
  }

  /** Runs one load. Rejects, with what the contender answered, when a request fails. */
  async load(job: Job): Promise<JobResult> {
    const answer = await this.#ask({ type: 'load', job });
    if (answer.type !== 'loaded') throw new Error(`Unexpected answer: ${answer.type}`);
    return answer.result;
  }

  /** What decoding and parsing a body of this size takes, alone, in microseconds. */
  async decode(bodyBytes: number, durationMs: number): Promise<number> {
    const answer = await this.#ask({ type: 'decode', bodyBytes, durationMs });
    if (answer.type !== 'decoded') throw new Error(`Unexpected answer: ${answer.type}`);
    return answer.microseconds;
  }

  stop(): Promise<void> {
    return end(this.#child);
  }

  async #ask(question: ToGenerator): Promise<Exclude<FromGenerator, { type: 'failed' }>> {
    const left = new AbortController();
    const exited = once(this.#child, 'exit', { signal: left.signal }).then((): never => {
      throw new Error('The load generator ended.');
    });
    // Whoever loses the race is left behind.
    exited.catch(() => {});
    const answered = once(this.#child, 'message', { signal: left.signal });
    this.#child.send(question);
    try {
      const [answer] = (await Promise.race([answered, exited])) as [FromGenerator];
      if (answer.type === 'failed') throw new Error(answer.message);
      return answer;
    } finally {
      left.abort();
    }
  }
}

function start(module: string, processor: number | undefined): ChildProcess {
  const path = fileURLToPath(new URL(module, import.meta.url));
  if (processor === undefined) return fork(path);
  return fork(path, [], { execPath: 'taskset', execArgv: ['--cpu-list', String(processor), process.execPath] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
