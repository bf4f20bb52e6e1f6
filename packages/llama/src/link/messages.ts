/**
 * What is said over the link. Payloads are JSON unless noted; generations speak the wire contract, so that what the
 * engine writes is what the client reads.
 */
import type { ChatRequest, EmbeddingRequest, ErrorBody, FinishReason, Usage } from '@plumb/wire';

/** Frame kinds from the server to the engine process. */
export const ToEngine = {
  /** `LoadOptions` on stream 0: the first frame. */
  load: 1,
  /** `GenerateJob`: start generating on this stream. */
  generate: 2,
  /** Empty: stop generating on this stream; answered by `end` or `failed` like any other ending. */
  abort: 3,
  /** `CountJob`: how many prompt tokens a request has; answered by `counted`. */
  count: 4,
  /** `EmbedJob`: make embeddings; answered by one `events` frame with the whole answer, and `end`. */
  embed: 5,
  /** `EmbedJob`: how many tokens the inputs have; answered by `counted`. */
  countInputs: 6,
  /** Empty, on stream 0: end everything, keep on disk what is to be kept, and exit. */
  stop: 7,
} as const;

/** Frame kinds from the engine process to the server. */
export const FromEngine = {
  /** `EngineDescription` on stream 0: the model is loaded and requests can be answered. */
  ready: 1,
  /** `{"message": string}` on stream 0: the model could not be loaded; the process exits after it. */
  loadFailed: 2,
  /** Empty: inference has begun (the prompt is being read). */
  begun: 3,
  /**
   * Raw bytes: one or more whole server-sent events, each a chat completion chunk, or for `embed` the one answer. Never
   * `[DONE]`.
   */
  events: 4,
  /** `GenerationEnd`: the last frame of a stream that ended well, or was aborted. */
  end: 5,
  /** `GenerationFailure`: the last frame of a stream that failed, before or after its first events. */
  failed: 6,
  /** `{"prompt_tokens": number}`: the answer to `count`. */
  counted: 7,
} as const;

/** How the model is loaded and how requests share it. */
export interface LoadOptions {
  /** Absolute path of a GGUF file. */
  modelPath: string;
  /** Tokens of context of each sequence, prompt and answer together. */
  contextTokens: number;
  /** Requests that generate at the same time; more wait in order of arrival. */
  sequences: number;
  /** Compute threads. */
  threads: number;
  /** The most prompt tokens read in one step beside the running streams, so that these are not stalled. */
  prefillTokens: number;
  /** The most reasoning tokens of a model that was not trained to think. */
  thinkingTokens: number;
  /** Layers kept on a GPU; 0 is CPU alone. */
  gpuLayers: number;
  /** Where sequences are kept when the process is told to stop, and found again by the next one. */
  archive?: ArchiveOptions;
  /** What the process is for: one that makes embeddings generates nothing. Default `generate`. */
  task?: 'generate' | 'embed';
}

/** The folder of the sequences on disk, which is this engine's alone. */
export interface ArchiveOptions {
  /** Absolute path. */
  folder: string;
  /** The most bytes of all files in it. */
  bytesMax: number;
}

/** What the engine process says of itself once it is loaded. */
export interface EngineDescription {
  /** The name of the model file, without its ending. */
  modelName: string;
  /** Tokens of context of each sequence; at most what the model was trained for. */
  contextTokens: number;
  sequences: number;
  /** 32 hex digits over model file, engine version and settings: `system_fingerprint`. */
  fingerprint: string;
  /** Whether the model was trained to open its answers with a think block. */
  thinksNatively: boolean;
  /** Whether jobs can have a `text`. */
  completesTexts: boolean;
  /** Whether levels of effort change how much it thinks. */
  hasEffortLevels: boolean;
}

/** A text to continue; with a suffix, what comes before and after a gap to fill. */
export interface TextPrompt {
  prompt: string;
  suffix?: string;
}

/** How much a model thinks before it answers. */
export type EffortLevel = 'low' | 'high' | 'max';

/** One generation. */
export interface GenerateJob {
  /** `id`, `created` and `model` of every chunk. */
  id: string;
  created: number;
  model: string;
  request: ChatRequest;
  /** What is continued instead of the messages. */
  text?: TextPrompt;
  /** Whether reasoning precedes the answer; already decided from the model id and the request. */
  thinking: boolean;
  /** How much is thought; `high` when there is none. */
  effort?: EffortLevel;
  /** Prefixes are reused only within one scope: account and `user_id`. */
  cacheScope: string;
}

/** A request whose prompt is to be counted and not run. */
export type CountJob = Pick<GenerateJob, 'request' | 'text' | 'thinking' | 'effort'>;

/** Inputs whose embeddings are to be made. */
export interface EmbedJob {
  /** Echoed in the answer. */
  model: string;
  request: EmbeddingRequest;
}

/** How a generation ended, with what it cost. */
export interface GenerationEnd {
  usage: Usage;
  /** `aborted` when the stream was stopped by an `abort` frame. */
  finishReason: FinishReason;
}

/** Why a generation failed. */
export interface GenerationFailure {
  /** HTTP status that fits when nothing has been sent yet. */
  status: number;
  body: ErrorBody;
  /** What had been produced until then, when anything had. */
  usage?: Usage;
}
