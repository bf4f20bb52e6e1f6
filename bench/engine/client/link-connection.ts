/** Load on the engine process itself: the scheduler is driven over its link, and no HTTP server takes part. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  encodeFrame,
  FrameReader,
  FromEngine,
  type GenerateJob,
  type GenerationEnd,
  ToEngine,
} from '@plumb/llama/link';
import type { RequestBody } from '../workload.js';
import type { Connection } from './connection.js';
import type { LinkTarget, RequestRecord } from './protocol.js';
import { StreamRecorder } from './stream-recorder.js';

/** The model id of every job: with 13 letters, as long as the one that goes over HTTP. */
const MODEL = 'deepseek-chat';

/** Starts an engine process, loads the model and resolves once it can generate. Throws when it cannot be loaded. */
export async function startEngine(target: LinkTarget): Promise<Connection> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('@plumb/llama/main'))], {
    // One libuv thread, as the server starts it: with four, each decode step lands on another one.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const engine = new LinkConnection(child);
  await engine.load(target);
  return engine;
}

interface RunningStream {
  recorder: StreamRecorder;
  resolve(record: RequestRecord): void;
  reject(error: Error): void;
}

class LinkConnection implements Connection {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #streams = new Map<number, RunningStream>();
  readonly #loaded = Promise.withResolvers<void>();
  #lastStream = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#socket = child.stdio[3] as Socket;
    const reader = new FrameReader((kind, stream, payload) => this.#receive(kind, stream, payload));
    this.#socket.on('data', (bytes: Buffer) => reader.push(bytes));
    this.#socket.on('error', (error) => this.#fail(error));
    child.once('exit', (code, signal) => this.#fail(new Error(`The engine process ended with ${signal ?? code}.`)));
  }

  get engineProcessId(): number {
    return this.#child.pid!;
  }

  load({ load }: LinkTarget): Promise<void> {
    this.#socket.write(encodeFrame(ToEngine.load, 0, JSON.stringify(load)));
    return this.#loaded.promise;
  }

  generate(body: RequestBody): Promise<RequestRecord> {
    const stream = ++this.#lastStream;
    const job = {
      id: `bench-${stream}`,
      created: Math.floor(Date.now() / 1000),
      model: MODEL,
      request: { ...body, model: MODEL },
      thinking: false,
      cacheScope: String(body.user_id),
    };
    const frame = encodeFrame(ToEngine.generate, stream, JSON.stringify(job satisfies WireJob));
    return new Promise((resolve, reject) => {
      this.#streams.set(stream, { recorder: new StreamRecorder(), resolve, reject });
      this.#socket.write(frame);
    });
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #receive(kind: number, stream: number, payload: Buffer): void {
    if (stream === 0) this.#receiveState(kind, payload);
    const running = this.#streams.get(stream);
    if (running === undefined) return;
    if (kind === FromEngine.events) running.recorder.push(payload);
    else if (kind === FromEngine.end) {
      this.#streams.delete(stream);
      const { usage } = JSON.parse(payload.toString()) as GenerationEnd;
      running.resolve(running.recorder.finishWith(usage));
    } else if (kind === FromEngine.failed) {
      this.#streams.delete(stream);
      running.reject(new Error(`A generation failed: ${payload.toString()}`));
    }
  }

  #receiveState(kind: number, payload: Buffer): void {
    if (kind === FromEngine.ready) this.#loaded.resolve();
    else if (kind === FromEngine.loadFailed) this.#fail(new Error(`The model was not loaded: ${payload.toString()}`));
  }

  #fail(error: Error): void {
    this.#loaded.reject(error);
    for (const { reject } of this.#streams.values()) reject(error);
    this.#streams.clear();
  }
}

/** The request is written by the benchmark and read by the engine as JSON; its shape is the server's to check. */
type WireJob = Omit<GenerateJob, 'request'> & { request: RequestBody };
