/** Runs the real engine process for a test and speaks its link, without the server. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type CountJob,
  type EffortLevel,
  type EngineDescription,
  encodeFrame,
  FrameReader,
  FromEngine,
  type GenerateJob,
  type GenerationEnd,
  type GenerationFailure,
  type LoadOptions,
  ToEngine,
} from '@plumb/llama/link';
import { type ChatChunk, ChatFold, type ChatRequest, type ChatResponse, type Usage } from '@plumb/wire';

/** What became of a generation. */
export interface Outcome {
  /** The bytes of all events, as they came. */
  readonly text: string;
  readonly chunks: readonly ChatChunk[];
  readonly content: string;
  /** Undefined when no chunk had reasoning. */
  readonly reasoning: string | undefined;
  /** The usage of the end or of the failure. */
  readonly usage: Usage | undefined;
  readonly finishReason: string | undefined;
  readonly failure: GenerationFailure | undefined;
  /** Whether `begun` came, and came first. */
  readonly begun: boolean;
}

/** The buffered answer of a generation that ended well, with ids of calls that are the same every time. */
export function foldOutcome({ chunks }: Outcome): ChatResponse {
  const fold = new ChatFold();
  for (const chunk of chunks) fold.add(chunk);
  const response = fold.response();
  for (const call of response.choices[0]!.message.tool_calls ?? []) call.id = call.id.slice(0, 8);
  return response;
}

/** A generation under way. */
export interface RunningJob {
  readonly outcome: Promise<Outcome>;
  /** Resolves when the prompt is being read. */
  readonly begun: Promise<void>;
  /** Resolves when the events so far have this much text or the generation is over. */
  seen(characters: number): Promise<void>;
  abort(): void;
}

/** The settings of a job that tests care for; a request without `stream` is streamed. */
export interface JobOptions {
  readonly thinking?: boolean;
  readonly scope?: string;
  readonly effort?: EffortLevel;
}

const DEFAULTS = {
  contextTokens: 1024,
  sequences: 4,
  threads: 1,
  prefillTokens: 128,
  thinkingTokens: 64,
  gpuLayers: 0,
} as const;

export class TestEngine {
  readonly child: ChildProcess;
  readonly description: Promise<EngineDescription>;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** What the process has written to its standard error. */
  stderr = '';
  readonly #link: Socket;
  readonly #receivers = new Map<number, (kind: number, payload: Buffer) => void>();
  readonly #records = new Set<StreamRecord>();
  #streams = 0;
  #isStopping = false;

  /** Starts an engine; `description` rejects with its own words when it cannot load the model. */
  constructor(options: Pick<LoadOptions, 'modelPath'> & Partial<LoadOptions>) {
    const entry = fileURLToPath(import.meta.resolve('@plumb/llama/main'));
    this.child = spawn(process.execPath, [entry], {
      env: { PATH: process.env.PATH ?? '', UV_THREADPOOL_SIZE: '1' },
      stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#link = this.child.stdio[3] as Socket;
    this.#link.on('error', () => {});
    const reader = new FrameReader((kind, stream, payload) => this.#receivers.get(stream)?.(kind, payload));
    this.#link.on('data', (bytes: Buffer) => reader.push(bytes));
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then((how) => this.#failPending(how));
    this.description = this.#load({ ...DEFAULTS, ...options });
    this.description.catch(() => {});
  }

  /** Starts a generation. */
  start(
    request: Partial<ChatRequest>,
    { thinking = false, scope = 'test', effort = 'high' }: JobOptions = {},
  ): RunningJob {
    const job: GenerateJob = {
      id: '00000000-0000-4000-8000-000000000000',
      created: 1_700_000_000,
      model: 'test-model',
      request: { model: 'test-model', messages: [{ role: 'user', content: 'Hi' }], stream: true, ...request },
      thinking,
      effort,
      cacheScope: scope,
    };
    return this.startJob(job);
  }

  startJob(job: GenerateJob): RunningJob {
    const stream = ++this.#streams;
    const record = new StreamRecord();
    this.#receivers.set(stream, (kind, payload) => record.receive(kind, payload));
    this.#records.add(record);
    this.#send(ToEngine.generate, stream, JSON.stringify(job));
    return {
      outcome: record.outcome.promise,
      begun: record.begun.promise,
      seen: (characters) => record.seen(characters),
      abort: () => this.#send(ToEngine.abort, stream, ''),
    };
  }

  /** Generates to the end. */
  run(request: Partial<ChatRequest>, options: JobOptions = {}): Promise<Outcome> {
    return this.start(request, options).outcome;
  }

  /** Counts the tokens of a prompt. */
  count(job: CountJob): Promise<number> {
    const stream = ++this.#streams;
    return new Promise((resolve, reject) => {
      this.#receivers.set(stream, (kind, payload) => {
        const answer = JSON.parse(payload.toString());
        if (kind === FromEngine.counted) resolve(answer.prompt_tokens);
        else reject(new Error(answer.body.error.message));
      });
      this.#send(ToEngine.count, stream, JSON.stringify(job));
    });
  }

  /** Closes the link, as the death of the server would. */
  closeLink(): void {
    this.#isStopping = true;
    this.#link.destroy();
  }

  /** Lets the engine keep what it keeps; resolves when it has ended. */
  async finish(): Promise<void> {
    this.#send(ToEngine.stop, 0, '');
    await this.exited;
  }

  async stop(): Promise<void> {
    this.closeLink();
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** A process that ends unasked fails what it was working on, instead of leaving its test without an end. */
  #failPending(how: object): void {
    if (this.#isStopping) return;
    const error = new Error(`The engine ended (${JSON.stringify(how)}): ${this.stderr}`);
    for (const record of this.#records) record.fail(error);
  }

  #load(options: LoadOptions): Promise<EngineDescription> {
    return new Promise((resolve, reject) => {
      this.#receivers.set(0, (kind, payload) => {
        const said = JSON.parse(payload.toString());
        if (kind === FromEngine.ready) resolve(said);
        else reject(new Error(said.message));
      });
      void this.exited.then(() => reject(new Error(`The engine ended before it was ready: ${this.stderr}`)));
      this.#send(ToEngine.load, 0, JSON.stringify(options));
    });
  }

  #send(kind: number, stream: number, payload: string): void {
    this.#link.write(encodeFrame(kind, stream, payload));
  }
}

/** Starts an engine and waits until it can answer. */
export async function startEngine(options: ConstructorParameters<typeof TestEngine>[0]): Promise<TestEngine> {
  const engine = new TestEngine(options);
  await engine.description;
  return engine;
}

/** Collects the frames of one stream. */
class StreamRecord {
  readonly outcome = Promise.withResolvers<Outcome>();
  readonly begun = Promise.withResolvers<void>();
  #text = '';
  #frames = 0;
  #begunFirst = false;
  #isOver = false;
  #waiting: { readonly characters: number; resolve(): void }[] = [];

  receive(kind: number, payload: Buffer): void {
    this.#frames++;
    if (kind === FromEngine.begun) {
      this.#begunFirst = this.#frames === 1;
      this.begun.resolve();
    } else if (kind === FromEngine.events) {
      this.#text += payload.toString();
    } else {
      this.#isOver = true;
      const said = JSON.parse(payload.toString());
      if (kind === FromEngine.end) this.#settle(said, undefined);
      else this.#settle(undefined, said);
    }
    this.#waiting = this.#waiting.filter(({ characters, resolve }) => {
      if (!this.#isOver && this.#text.length < characters) return true;
      resolve();
      return false;
    });
  }

  fail(error: Error): void {
    if (!this.#isOver) this.outcome.reject(error);
  }

  seen(characters: number): Promise<void> {
    if (this.#isOver || this.#text.length >= characters) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ characters, resolve }));
  }

  #settle(end: GenerationEnd | undefined, failure: GenerationFailure | undefined): void {
    const chunks = this.#text
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event) => JSON.parse(event.replace(/^data: /, '')) as ChatChunk);
    const deltas = chunks.map(({ choices }) => choices[0]!.delta);
    const reasoned = deltas.filter(({ reasoning_content }) => typeof reasoning_content === 'string');
    this.outcome.resolve({
      text: this.#text,
      chunks,
      content: deltas.map(({ content }) => content ?? '').join(''),
      reasoning:
        reasoned.length === 0 ? undefined : reasoned.map(({ reasoning_content }) => reasoning_content).join(''),
      usage: end?.usage ?? failure?.usage,
      finishReason: end?.finishReason,
      failure,
      begun: this.#begunFirst,
    });
  }
}
