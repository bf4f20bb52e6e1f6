/** The port of everything that generates: the embedded engine today, pools of upstream engines beside it. */
import type { ApiError, ChatRequest, ChatResponse, EmbeddingRequest, FinishReason, Usage } from '@plumb/wire';
import type { MaybePromise } from '../limits/maybe-promise.js';

/** One generation, as the way of a request hands it to an engine. */
export interface GenerationJob {
  /** A plain UUID: `id` of the response and of every chunk. */
  readonly id: string;
  /** `created`, in whole seconds since the epoch. */
  readonly created: number;
  /** The canonical model id, echoed to the client. */
  readonly model: string;
  readonly request: ChatRequest;
  /** The body that the request was read from, whose `messages` are those of the request; absent where it has none. */
  readonly body?: Uint8Array | undefined;
  /** What is continued instead of the messages of the request, which are none then. Only where `completesTexts`. */
  readonly text?: TextPrompt | undefined;
  /** Whether reasoning precedes the answer. */
  readonly thinking: boolean;
  /** How much is thought, where something is; `high` when there is none. The request has the word that was sent. */
  readonly effort?: EffortLevel;
  /** Prefix caches are shared only within one scope: an account and its `user_id`. */
  readonly cacheScope: string;
  /** Who pays; engines that are full are shared fairly between accounts. */
  readonly account: string;
}

/** A text to continue; with a suffix, what comes before and after a gap to fill. */
export interface TextPrompt {
  readonly prompt: string;
  readonly suffix?: string;
}

/** How much a model thinks before it answers (contract section 7). */
export type EffortLevel = 'low' | 'high' | 'max';

/** Embeddings of one or more inputs. */
export interface EmbeddingJob {
  readonly id: string;
  /** The canonical model id, echoed to the client. */
  readonly model: string;
  readonly request: EmbeddingRequest;
  /** Who pays. */
  readonly account: string;
}

/** How a generation ended, with what it cost. */
export interface GenerationEnd {
  readonly usage: Usage;
  readonly finishReason: FinishReason;
  /**
   * The events that complete the answer, the finish reason among them: kept back until now, so that they can wait for the
   * answer to be accounted for. Absent when they have been sent already, or the answer is not complete.
   */
  readonly lastEvents?: Uint8Array;
  /** The whole answer, in place of all events: only for a sink that takes it. */
  readonly response?: ChatResponse;
}

/** A request whose prompt is counted and not run. */
export type CountJob = Pick<GenerationJob, 'request' | 'text' | 'thinking' | 'effort'>;

/**
 * Whose fault a failure is. `request`: it would fail on any engine. `engine`: this engine cannot do it, which another one
 * may. `busy`: this engine has too much to do. `operator`: this engine refuses the operator, who has to see to it.
 */
export type FailureCause = 'request' | 'engine' | 'busy' | 'operator';

/** What is known of a failure beside its error. */
export interface FailureReason {
  readonly cause: FailureCause;
  /** When the engine said that it may be asked again, in ms from now. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Receives one generation. After any number of events exactly one of `onEnd` and `onFailure` is called, once, and
 * nothing after it; neither is called before `generate` has returned.
 */
export interface GenerationSink {
  /** Whether the whole answer may come with `onEnd`, because nobody sees it before; its events are empty then. */
  readonly takesResponse?: boolean;
  /** Inference has begun: the prompt is being read. */
  onBegun(): void;
  /**
   * One or more whole server-sent events, each a chat completion chunk of our contract; never `[DONE]`. No bytes at all
   * say that something was generated that comes with the end.
   */
  onEvents(bytes: Uint8Array): void;
  onEnd(end: GenerationEnd): void;
  /**
   * `usage` says what had been produced before the failure, when the engine knows. Without a reason an error below 500 is
   * the request's own fault, and any other the engine's.
   */
  onFailure(error: ApiError, usage?: Usage, reason?: FailureReason): void;
  /**
   * Asks it to forget the events so far, because another engine begins again; returns whether it can, which it cannot once
   * any of them has reached the client. It has to be asked only after events.
   */
  restart?(): boolean;
}

/** A generation under way. */
export interface RunningGeneration {
  /** Stops generating as soon as possible; the sink still hears its one ending. Harmless after the ending. */
  abort(): void;
  /** Stops sending events until `resume`, because the client takes them slowly. Absent where answers are small. */
  pause?(): void;
  resume?(): void;
}

/** Something that generates. */
export interface Engine {
  /** What it runs, or undefined while no request can be answered. */
  description(): EngineDescription | undefined;
  /** Resolves when it can answer for the first time; rejects with a sentence when it never will. */
  ready(): Promise<EngineDescription>;
  /** Never throws: whatever goes wrong reaches `sink.onFailure`. */
  generate(job: GenerationJob, sink: GenerationSink): RunningGeneration;
  /** How many tokens the prompt of a request has. Rejects with an ApiError when it cannot be one, or nobody can tell. */
  countPromptTokens(job: CountJob): MaybePromise<number>;
  /**
   * Makes embeddings; absent where none can be made. The sink gets a single event, kept back in `lastEvents`: the whole
   * answer of `POST /embeddings`, in the encoding that was asked for. Its usage has prompt tokens alone, all of them
   * cache misses.
   */
  embed?(job: EmbeddingJob, sink: GenerationSink): RunningGeneration;
  /** How many tokens the inputs have together. Rejects like `countPromptTokens`. */
  countInputTokens?(job: Pick<EmbeddingJob, 'request'>): MaybePromise<number>;
  /** Stops the engine; generations still running fail with a 503. */
  close(): Promise<void>;
}

/** What an engine says of itself. */
export interface EngineDescription {
  readonly modelName: string;
  /** Tokens of prompt and answer together; absent when the engine does not say. */
  readonly contextTokens?: number | undefined;
  /** Whether `countPromptTokens` is an estimate, which can be too low or too high. Default false. */
  readonly estimatesPrompts?: boolean;
  /** Whether it takes jobs with a `text`. Default false: requests for completions are refused. */
  readonly completesTexts?: boolean;
  /** Whether levels of effort change how much it thinks. Default false. */
  readonly hasEffortLevels?: boolean;
}
