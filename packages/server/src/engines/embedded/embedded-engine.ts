/**
 * The embedded engine as the server sees it: a supervised child process. When it dies, what it was working on fails with
 * 503 and it is started again with growing pauses; what had not begun, and what arrives meanwhile, waits for it, for a
 * bounded time.
 */
import { type EngineDescription, FromEngine, type LoadOptions, ToEngine } from '@plumb/llama/link';
import { type ApiError, serviceUnavailable } from '@plumb/wire';
import type { CountJob, EmbeddingJob, Engine, GenerationJob, GenerationSink, RunningGeneration } from '../engine.js';
import { type Call, CountCall, WorkCall } from './call.js';
import { EngineProcess } from './engine-process.js';
import { ReadyGate } from './ready-gate.js';
import type { RestartBackoff } from './restart-backoff.js';

/** Where the operator hears of it. */
export interface EngineLog {
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
/** How long the process may take to write what it keeps when the server stops, in ms. */
const KEEP_TIMEOUT_MS = 30_000;
/** How often a request that has not begun is handed to another life of the engine, so that none can kill it for ever. */
const RETRIES_MAX = 1;

/** A call under way. */
interface Running {
  readonly call: Call;
  retries: number;
  /** Takes it out of the gate while it waits there. */
  leaveGate: (() => void) | undefined;
}

export class EmbeddedEngine implements Engine {
  readonly #options: EmbeddedEngineOptions;
  readonly #gate: ReadyGate;
  readonly #running = new Map<number, Running>();
  readonly #readiness = Promise.withResolvers<EngineDescription>();
  #process: EngineProcess | undefined;
  #description: EngineDescription | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #wasReady = false;
  #isClosing = false;
  #onClosed: (() => void) | undefined;
  #lastStream = 0;

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
    this.#gate = new ReadyGate({ waitMs: options.startWaitMs ?? START_WAIT_MS, waitingMax: WAITING_REQUESTS_MAX });
    this.#readiness.promise.catch(() => {});
    this.#start();
  }

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
    return this.#work(WorkCall.generate(job, sink));
  }

  countPromptTokens(job: CountJob): Promise<number> {
    return this.#count(CountCall.prompt(job));
  }

  /** Only where the process was started for it. */
  embed(job: EmbeddingJob, sink: GenerationSink): RunningGeneration {
    return this.#work(WorkCall.embed(job, sink));
  }

  countInputTokens(job: Pick<EmbeddingJob, 'request'>): Promise<number> {
    return this.#count(CountCall.inputs(job));
  }

  close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restartTimer);
    this.#gate.closeForGood('the server is shutting down');
    if (this.#process === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      // One that is still loading has nothing to keep.
      const keeps = this.#options.load.archive !== undefined && this.#description !== undefined;
      if (keeps) this.#process?.stop(KEEP_TIMEOUT_MS);
      else this.#process?.kill();
    });
  }

  #start(): void {
    this.#process = new EngineProcess(this.#options.load, {
      onReady: (description) => this.#onReady(description),
      onFrame: (kind, stream, payload) => this.#onFrame(kind, stream, payload),
      onExit: (reason, loadFailed) => this.#onExit(reason, loadFailed),
    });
  }

  #onReady(description: EngineDescription): void {
    this.#description = description;
    this.#wasReady = true;
    this.#options.backoff.started();
    this.#readiness.resolve(description);
    this.#gate.open();
  }

  #onExit(reason: string, loadFailed: boolean): void {
    this.#process = undefined;
    this.#description = undefined;
    this.#gate.shut();
    if (this.#isClosing) {
      this.#failRunning('the server is shutting down');
      this.#onClosed?.();
      return;
    }
    this.#options.log.error({ reason }, 'the embedded engine ended');
    // A model that never loaded will not load by trying again; one that did may be back once its file or memory is.
    if (loadFailed && !this.#wasReady) {
      this.#readiness.reject(new Error(reason));
      this.#gate.closeForGood('the model could not be loaded');
      return;
    }
    this.#saveOrFailRunning();
    this.#restartTimer = setTimeout(() => this.#start(), this.#options.backoff.nextDelayMs());
  }

  #onFrame(kind: number, stream: number, payload: Buffer): void {
    const running = this.#running.get(stream);
    // An ending can cross with an abort on the link.
    if (running === undefined) return;
    const isEnding = kind === FromEngine.end || kind === FromEngine.failed || kind === FromEngine.counted;
    if (isEnding) this.#running.delete(stream);
    running.call.receive(kind, payload);
  }

  #work(call: WorkCall): RunningGeneration {
    const stream = this.#begin(call);
    return { abort: () => this.#abort(stream) };
  }

  #count(call: CountCall): Promise<number> {
    this.#begin(call);
    return call.answer;
  }

  /** Registers a call and hands it to the process as soon as there is one. */
  #begin(call: Call): number {
    const stream = this.#nextStream();
    const running: Running = { call, retries: 0, leaveGate: undefined };
    this.#running.set(stream, running);
    this.#hand(stream, running);
    return stream;
  }

  #hand(stream: number, running: Running): void {
    const { call } = running;
    running.leaveGate = this.#gate.pass(
      () => {
        running.leaveGate = undefined;
        this.#process?.send(call.kind, stream, call.payload);
      },
      (reason) => this.#fail(stream, reason),
    );
  }

  #abort(stream: number): void {
    const running = this.#running.get(stream);
    if (running === undefined) return;
    if (running.leaveGate === undefined) this.#process?.send(ToEngine.abort, stream, '');
    else this.#fail(stream, 'the request was given up before it began');
  }

  /** What had begun when the process died fails; what still waited for its turn waits for the next life. */
  #saveOrFailRunning(): void {
    for (const [stream, running] of [...this.#running]) {
      if (running.leaveGate !== undefined) continue;
      if (running.call.hasBegun || running.retries >= RETRIES_MAX) {
        this.#fail(stream, 'the engine ended while it was working on this request');
      } else {
        running.retries += 1;
        this.#hand(stream, running);
      }
    }
  }

  #failRunning(reason: string): void {
    for (const stream of [...this.#running.keys()]) this.#fail(stream, reason);
  }

  #fail(stream: number, reason: string): void {
    const running = this.#running.get(stream);
    this.#running.delete(stream);
    running?.leaveGate?.();
    running?.call.fail(unavailable(reason));
  }

  /** Stream ids are 32 bits on the link and come round again; 0 is the link itself. */
  #nextStream(): number {
    do this.#lastStream = (this.#lastStream + 1) >>> 0;
    while (this.#lastStream === 0 || this.#running.has(this.#lastStream));
    return this.#lastStream;
  }
}

function unavailable(detail: string): ApiError {
  return serviceUnavailable({ detail, headers: { 'retry-after': RETRY_AFTER_S } });
}
