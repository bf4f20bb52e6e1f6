/** Any server of the OpenAI format as an engine: a vLLM, an SGLang, a llama-server, the DeepSeek API, another Plumb. */
// Not from the index, which loads fetch, WebSockets and mocks as well: 14 MB and 45 ms of every start.
import Pool from 'undici/lib/dispatcher/pool.js';
import { systemTimers, type Timers } from '../../limits/timers.js';
import { type Clock, systemClock } from '../../observe/clock.js';
import type {
  CountJob,
  EmbeddingJob,
  Engine,
  EngineDescription,
  GenerationJob,
  GenerationSink,
  RunningGeneration,
} from '../engine.js';
import type { UpstreamAnswer } from './answer.js';
import { ChatAnswer } from './chat-answer.js';
import type { Connections, OpenConnections } from './connections.js';
import { Deliveries } from './deliveries.js';
import { EmbeddingAnswer } from './embedding-answer.js';
import { Endpoint } from './endpoint.js';
import { estimateInputs, TokenEstimator } from './estimate-tokens.js';
import { engineFailure, type UpstreamFailure } from './failure.js';
import { FormBook } from './form-book.js';
import { UpstreamGeneration } from './generation.js';
import { UPSTREAM_KINDS, type UpstreamKindName } from './kinds/index.js';
import { HEADER_BYTES_MAX, openStream, type UpstreamRequest } from './open-stream.js';
import { type EngineHealth, probeEngine } from './probe.js';
import { SharedRoom } from './shared-room.js';
import { SilenceWatch } from './silence-watch.js';
import type { UpstreamParts } from './upstream-parts.js';
import { writeRequest, writeTextRequest } from './write-request.js';

export interface UpstreamEngineOptions {
  readonly kind: UpstreamKindName;
  /** Where its API is served, without `/chat/completions`. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** What it calls the model; the id of the catalogue when it is left out. */
  readonly model?: string | undefined;
  /** Tokens of prompt and answer together; asked of the engine when it is left out. */
  readonly contextTokens?: number | undefined;
  /** For a connection to be made, in ms. */
  readonly connectTimeoutMs: number;
  /** From sending a request to the first output of its answer, in ms. */
  readonly firstEventTimeoutMs: number;
  /** Between two pieces of an answer, in ms. */
  readonly idleTimeoutMs: number;
  /** Default: the clock and the timers of the machine. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Default true; false parses every chunk, which gives the same bytes. */
  readonly fastPath?: boolean;
  /** What stands before the connections or in their place, such as a recorder. */
  readonly connect?: OpenConnections | undefined;
}

export class UpstreamEngine implements Engine {
  readonly #options: UpstreamEngineOptions;
  readonly #parts: UpstreamParts;
  readonly #connections: Connections;
  /** All that runs. */
  readonly #watch: SilenceWatch<UpstreamGeneration>;
  readonly #chatPath: string;
  readonly #eventHeaders: string[];
  readonly #jsonHeaders: string[];
  readonly #readiness = Promise.withResolvers<EngineDescription>();
  #description: EngineDescription | undefined;
  #isClosed = false;

  /** @throws TypeError when `url` is no address. */
  constructor(options: UpstreamEngineOptions) {
    const { firstEventTimeoutMs, idleTimeoutMs, clock = systemClock, fastPath = true } = options;
    const endpoint = new Endpoint(options.url, options.apiKey);
    const kind = UPSTREAM_KINDS[options.kind];
    const forms = fastPath ? new FormBook(kind.reasoningFields) : undefined;
    this.#options = options;
    this.#parts = {
      ...{ kind, endpoint, estimator: new TokenEstimator() },
      ...{ clock, firstEventTimeoutMs, idleTimeoutMs, forms },
      ...{ deliveries: new Deliveries(), room: new SharedRoom() },
    };
    this.#chatPath = endpoint.apiPath('/chat/completions');
    this.#eventHeaders = headersOf(endpoint, 'text/event-stream');
    this.#jsonHeaders = headersOf(endpoint, JSON_TYPE);
    const open = () => createPool(endpoint.origin, options.connectTimeoutMs);
    this.#connections = options.connect === undefined ? open() : options.connect(open);
    this.#watch = new SilenceWatch(options.timers ?? systemTimers, Math.min(firstEventTimeoutMs, idleTimeoutMs));
    this.#readiness.promise.catch(() => {});
  }

  /** For the operator: the address without user, password and query. */
  get address(): string {
    return this.#parts.endpoint.shownUrl;
  }

  /** What the last probe found; undefined before the first one, and while the engine is not well. */
  description(): EngineDescription | undefined {
    return this.#description;
  }

  /** Resolves with the first probe that finds the engine well; rejects when it is closed before that. */
  ready(): Promise<EngineDescription> {
    return this.#readiness.promise;
  }

  generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    const model = this.#options.model ?? job.model;
    const isBuffered = sink.takesResponse === true;
    const request = this.#writeRequest(job, model, isBuffered && isShort(job));
    const isVain = job.text?.suffix !== undefined && !this.#parts.kind.completions.knowsSuffix;
    const answer = new ChatAnswer(job, model, this.#parts, isBuffered);
    return this.#run(answer, sink, request, isVain ? NO_GAPS : undefined);
  }

  /** The engine is asked for the encoding that the client wants. Many send numbers in any case. */
  embed(job: EmbeddingJob, sink: GenerationSink): RunningGeneration {
    const { input, encoding_format, dimensions } = job.request;
    const body = JSON.stringify({
      ...{ model: this.#options.model ?? job.model, input, encoding_format: encoding_format ?? 'float' },
      ...(dimensions == null ? {} : { dimensions }),
    });
    const path = this.#parts.endpoint.apiPath('/embeddings');
    return this.#run(new EmbeddingAnswer(job, this.#parts), sink, this.#post(path, this.#jsonHeaders, body));
  }

  countInputTokens({ request }: Pick<EmbeddingJob, 'request'>): number {
    return estimateInputs(request);
  }

  /** @param refusal Why the engine is not to be asked. */
  #run(answer: UpstreamAnswer, sink: GenerationSink, request: UpstreamRequest, refusal?: UpstreamFailure) {
    const generation = new UpstreamGeneration({ answer, sink, upstream: this.#parts, onOver: this.#onOver });
    if (this.#isClosed) generation.fail(CLOSED);
    else if (refusal !== undefined) generation.fail(refusal);
    else {
      this.#watch.add(generation);
      generation.attach(openStream(this.#connections, request, generation));
    }
    return generation;
  }

  readonly #onOver = (generation: UpstreamGeneration): void => this.#watch.remove(generation);

  /** An estimate: only the engine itself can tell, and only afterwards. */
  countPromptTokens(job: CountJob): number {
    return this.#parts.estimator.estimate(job);
  }

  /** Asks the engine how it is. Never rejects; it is not well when it does not answer before the signal is aborted. */
  async probe(signal: AbortSignal): Promise<EngineHealth> {
    const found = await probeEngine(this.#connections, this.#parts, this.#options.model, signal);
    const health = { ...found, contextTokens: this.#options.contextTokens ?? found.contextTokens };
    this.#description = health.healthy && !this.#isClosed ? this.#describe(health) : undefined;
    if (this.#description !== undefined) this.#readiness.resolve(this.#description);
    return health;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#description = undefined;
    this.#readiness.reject(new Error('The engine was closed before it was ready.'));
    for (const generation of this.#watch.streams) generation.fail(CLOSED);
    await this.#connections.destroy();
  }

  #describe({ contextTokens, modelName }: EngineHealth): EngineDescription {
    const name = this.#options.model ?? modelName ?? this.#parts.kind.name;
    return { modelName: name, contextTokens, estimatesPrompts: true, completesTexts: true };
  }

  #writeRequest(job: GenerationJob, model: string, isWhole: boolean): UpstreamRequest {
    const { endpoint, kind } = this.#parts;
    const scope = () => endpoint.hideScope(job.cacheScope);
    const asked = { kind, model, scope, isWhole };
    const headers = isWhole ? this.#jsonHeaders : this.#eventHeaders;
    const { text } = job;
    if (text !== undefined) {
      const path = kind.completions.isBeta ? endpoint.betaPath('/completions') : endpoint.apiPath('/completions');
      return this.#post(path, headers, writeTextRequest({ ...job, text }, asked));
    }
    return this.#post(this.#chatPath, headers, writeRequest(job, asked));
  }

  #post(path: string, headers: string[], body: string | Buffer): UpstreamRequest {
    return { method: 'POST', path, headers, body };
  }
}

const JSON_TYPE = 'application/json';

/** Made once for all requests: names and values that follow each other. */
function headersOf(endpoint: Endpoint, accept: string): string[] {
  return [...['content-type', JSON_TYPE, 'accept', accept, 'accept-encoding', 'identity'], ...endpoint.authorization()];
}

const CLOSED = engineFailure('it has been taken away');

const NO_GAPS: UpstreamFailure = {
  cause: 'request',
  detail: 'it was asked to fill a gap',
  message: 'The engine of this model does not fill gaps. Send the prompt without a suffix.',
};

/**
 * Answers of so many tokens at the most are asked for as a whole where nobody sees their pieces: that costs the engine and
 * this server least, and neither a time-out nor a client that leaves can mean more than those tokens. Of longer ones the
 * pieces show that the engine lives, and what it has produced when they are cut short.
 */
export const WHOLE_ANSWER_TOKENS_MAX = 256;

function isShort({ request: { max_tokens: limit } }: GenerationJob): boolean {
  return typeof limit === 'number' && limit <= WHOLE_ANSWER_TOKENS_MAX;
}

/** Connections are made as they are needed and carry one request at a time; time-outs are watched elsewhere. */
function createPool(origin: string, connectTimeoutMs: number): Pool {
  return new Pool(origin, {
    connectTimeout: connectTimeoutMs,
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
    // Over HTTP/2 all streams would share one connection, and one slow client would hold up the others.
    allowH2: false,
  });
}
