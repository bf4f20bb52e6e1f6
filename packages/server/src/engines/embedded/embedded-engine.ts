/**
 * The embedded engine as the server sees it: a supervised child process. When it dies, its generations fail with 503
 * and it is started again with growing pauses; what arrives meanwhile waits for it, for a bounded time.
 */
import type { GenerationEnd as EndPayload, EngineDescription, GenerationFailure, LoadOptions } from '@plumb/llama/link';
import { FromEngine, ToEngine } from '@plumb/llama/link';
import { readApiError, serviceUnavailable } from '@plumb/wire';
import type { Engine, GenerationJob, GenerationSink, RunningGeneration } from '../engine.js';
import { EngineProcess } from './engine-process.js';
import type { RestartBackoff } from './restart-backoff.js';

/** Where the operator hears of it. */
export interface EngineLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface EmbeddedEngineOptions {
  readonly load: LoadOptions;
  readonly log: EngineLog;
  readonly backoff: RestartBackoff;
  /** How long a request waits for a starting engine before it gets a 503, in ms. Default 30,000. */
  readonly startWaitMs?: number;
}

const START_WAIT_MS = 30_000;
/** Requests that may wait for a starting engine; more get a 503 at once. */
const WAITING_REQUESTS_MAX = 1024;

/** What a 503 tells clients to wait: about one start of the engine, in seconds. */
const RETRY_AFTER_S = '1';

/** How often a request that has not begun is handed to another life of the engine, so that none can kill it for ever. */
const RETRIES_MAX = 1;

interface Running {
  readonly job: GenerationJob;
  readonly sink: GenerationSink;
  /** Whether the engine has said anything of it. */
  begun: boolean;
  retries: number;
}
type Waiting = { readonly stream: number; readonly job: GenerationJob; readonly timer: NodeJS.Timeout };

export class EmbeddedEngine implements Engine {
  readonly #options: EmbeddedEngineOptions;
  readonly #backoff: RestartBackoff;
  readonly #running = new Map<number, Running>();
  readonly #waiting = new Map<number, Waiting>();
  #process: EngineProcess | undefined;
  #description: EngineDescription | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  #closed: (() => void) | undefined;
  #closing = false;
  #lastStream = 0;
  #wasReady = false;
  readonly #readiness = Promise.withResolvers<EngineDescription>();

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
    this.#backoff = options.backoff;
    this.#readiness.promise.catch(() => {});
    this.#start();
  }

  /** Resolves when the model is loaded for the first time; rejects when it cannot be loaded. */
  ready(): Promise<EngineDescription> {
    return this.#readiness.promise;
  }

  description(): EngineDescription | undefined {
    return this.#description;
  }

  /** The child's process id, for tests and for the operator. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    const stream = this.#nextStream();
    this.#running.set(stream, { job, sink, begun: false, retries: 0 });
    if (this.#description !== undefined) this.#send(stream, job);
    else this.#wait(stream, job);
    return { abort: () => this.#abort(stream) };
  }

  close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restartTimer);
    if (this.#process === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closed = resolve;
      this.#process?.kill();
    });
  }

  #start(): void {
    this.#restartTimer = undefined;
    this.#process = new EngineProcess(this.#options.load, {
      onReady: (description) => this.#onReady(description),
      onFrame: (kind, stream, payload) => this.#onFrame(kind, stream, payload),
      onExit: (reason, loadFailed) => this.#onExit(reason, loadFailed),
    });
  }

  #onReady(description: EngineDescription): void {
    this.#description = description;
    this.#wasReady = true;
    this.#backoff.started();
    this.#readiness.resolve(description);
    for (const { stream, job, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      this.#send(stream, job);
    }
    this.#waiting.clear();
  }

  #onExit(reason: string, loadFailed: boolean): void {
    this.#process = undefined;
    this.#description = undefined;
    if (this.#closing) {
      this.#failAll('The server is shutting down.');
      this.#closed?.();
      return;
    }
    this.#options.log.error({ reason }, 'the embedded engine ended');
    // A model that never loaded will not load by trying again; one that did may be back once its file or memory is.
    if (loadFailed && !this.#wasReady) {
      this.#failure = reason;
      this.#readiness.reject(new Error(reason));
      this.#failAll('The model could not be loaded.');
      return;
    }
    this.#failBegun();
    this.#restartTimer = setTimeout(() => this.#start(), this.#backoff.nextDelayMs());
  }

  #onFrame(kind: number, stream: number, payload: Buffer): void {
    const running = this.#running.get(stream);
    if (running === undefined) return;
    running.begun = true;
    const { sink } = running;
    if (kind === FromEngine.events) sink.onEvents(payload);
    else if (kind === FromEngine.begun) sink.onBegun();
    else if (kind === FromEngine.end) {
      this.#running.delete(stream);
      sink.onEnd(JSON.parse(payload.toString()) as EndPayload);
    } else if (kind === FromEngine.failed) {
      this.#running.delete(stream);
      const { status, body, usage } = JSON.parse(payload.toString()) as GenerationFailure;
      sink.onFailure(readApiError(status, body), usage);
    }
  }

  #send(stream: number, job: GenerationJob): void {
    this.#process?.send(ToEngine.generate, stream, JSON.stringify(job));
  }

  #wait(stream: number, job: GenerationJob): void {
    const full = this.#waiting.size >= WAITING_REQUESTS_MAX;
    if (this.#failure !== undefined || this.#closing || full) {
      const reason = this.#failure === undefined ? 'The engine is starting.' : 'The model could not be loaded.';
      // The port promises that nothing is heard before `generate` has returned.
      queueMicrotask(() => this.#fail(stream, reason));
      return;
    }
    const waitMs = this.#options.startWaitMs ?? START_WAIT_MS;
    const timer = setTimeout(() => this.#fail(stream, 'The engine did not start in time.'), waitMs);
    this.#waiting.set(stream, { stream, job, timer });
  }

  #abort(stream: number): void {
    if (!this.#running.has(stream)) return;
    if (this.#waiting.has(stream)) this.#fail(stream, 'The request was given up before it began.');
    else this.#process?.send(ToEngine.abort, stream, '');
  }

  /** What had begun when the process died fails; what still waited for its turn, here or there, waits for the next one. */
  #failBegun(): void {
    for (const [stream, running] of [...this.#running]) {
      if (this.#waiting.has(stream)) continue;
      if (running.begun || running.retries >= RETRIES_MAX) {
        this.#fail(stream, 'The engine ended while it was working on this request.');
      } else {
        running.retries += 1;
        this.#wait(stream, running.job);
      }
    }
  }

  #failAll(reason: string): void {
    for (const stream of [...this.#running.keys()]) this.#fail(stream, reason);
  }

  #fail(stream: number, reason: string): void {
    const running = this.#running.get(stream);
    this.#running.delete(stream);
    clearTimeout(this.#waiting.get(stream)?.timer);
    this.#waiting.delete(stream);
    running?.sink.onFailure(serviceUnavailable({ detail: reason, headers: { 'retry-after': RETRY_AFTER_S } }));
  }

  /** Stream ids are 32 bits on the link and come round again; 0 is the link itself. */
  #nextStream(): number {
    do this.#lastStream = (this.#lastStream + 1) >>> 0;
    while (this.#lastStream === 0 || this.#running.has(this.#lastStream));
    return this.#lastStream;
  }
}
