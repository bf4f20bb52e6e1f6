/** Builds a kit: one `fetch` with all the patterns in it, the options of the SDKs that send through it, and what stands above it. */
import type { IncidentReport } from '../breaker/incident.js';
import type { ChatRequest, ChatResult } from '../chat/types.js';
import { createKitFetch } from '../fetch/kit-fetch.js';
import { Lanes } from '../fetch/lane.js';
import { PastVerdicts } from '../fetch/past-verdicts.js';
import type { LimiterSnapshot } from '../limiter/limiter.js';
import { ReasoningMemory } from '../repairs/reasoning-memory.js';
import type { InferOutput, StandardSchema } from '../schema/standard-schema.js';
import {
  type AiSdkOptions,
  type AnthropicOptions,
  aiSdkOptions,
  anthropicOptions,
  type LangchainOptions,
  langchainOptions,
  type OpenAiOptions,
  openAiOptions,
} from '../sdk/sdk-options.js';
import type { ChatStream } from '../stream/chat-stream.js';
import type { ReadOptions } from '../stream/read-bytes.js';
import type { ParseOptions, ParseResult } from '../structured/parse.js';
import type { KnownRungs } from '../structured/strategies.js';
import type { RunToolsRequest, RunToolsResult } from '../tools/run-tools.js';
import { type KitBatch, type KitBatchInput, type KitBatchOptions, startBatch } from './batch.js';
import type { Endpoint, Fetch } from './endpoint.js';
import { keepMeters } from './meters.js';
import { type KitOptions, readOptions } from './options.js';

/** What is going on at the moment. */
export interface KitReport {
  readonly limiters: readonly LimiterSnapshot[];
  /** Failures that go on, one report for each model of each endpoint. */
  readonly incidents: readonly IncidentReport[];
}

export interface Kit extends Endpoint {
  /** Hand it to any SDK: `fetch` with limits, retries, breaker and repairs. */
  readonly fetch: Fetch;
  openai(): OpenAiOptions;
  aiSdk(): AiSdkOptions;
  langchain(): LangchainOptions;
  anthropic(): AnthropicOptions;
  /** One question, one answer; see `chat`. */
  chat(request: ChatRequest, options?: ReadOptions): Promise<ChatResult>;
  /** An answer while it is written; see `stream`. Nothing is sent before it is read. */
  stream(request: ChatRequest, options?: ReadOptions): Promise<ChatStream>;
  /** Asks, runs the tools that are called, and asks again until there is an answer; see `runTools`. */
  runTools(request: RunToolsRequest): Promise<RunToolsResult>;
  /** A value of a schema, in whichever way this endpoint can; see `parse`. */
  parse<Schema extends StandardSchema>(
    schema: Schema,
    request: ChatRequest,
    options?: ParseOptions,
  ): Promise<ParseResult<InferOutput<Schema>>>;
  /** Asks every line once and keeps the results; see `runBatch`. */
  batch(input: KitBatchInput, options?: KitBatchOptions): KitBatch;
  report(): KitReport;
}

/** @throws KitError invalid_input with the name of the option that cannot be. */
export function createKit(options: KitOptions = {}): Kit {
  const settings = readOptions(options);
  const memory = new ReasoningMemory();
  const lanes = new Lanes(settings, memory);
  const loadMeters = keepMeters(settings, { tokenCounter: options.tokenCounter, createLimiter: options.createLimiter });
  const { clock, baseUrl } = settings;
  const fetch = createKitFetch({ settings, lanes, memory, loadMeters, verdicts: new PastVerdicts(clock) });
  const source = () => ({ baseUrl, apiKey: settings.apiKey(), fetch });
  const endpoint = { baseUrl, fetch, headers: () => bearer(settings.apiKey()) };
  const snapshots = () => lanes.limiters().map((limiter) => limiter.snapshot());
  return {
    ...endpoint,
    ...aboveFetch(endpoint),
    openai: () => openAiOptions(source()),
    aiSdk: () => aiSdkOptions(source()),
    langchain: () => langchainOptions(source()),
    anthropic: () => anthropicOptions(source()),
    batch: (input, given) => startBatch(endpoint, snapshots, input, given),
    report: () => ({
      limiters: snapshots(),
      incidents: [...lanes.all()].map((lane) => lane.incident()).filter((report) => report !== undefined),
    }),
  };
}

/** What stands above `fetch` is loaded when it is asked for: whoever brings an SDK does not need it. */
function aboveFetch(endpoint: Endpoint): Pick<Kit, 'chat' | 'stream' | 'runTools' | 'parse'> {
  const known: KnownRungs = new Map();
  // `parse` looks for the way of this endpoint by itself, so that its answers are as strict as they can be.
  const asIs = { ...endpoint, headers: () => ({ ...endpoint.headers(), 'x-kit-keep-format': 'true' }) };
  return {
    chat: async (request, options) => (await import('../chat/chat.js')).chat(endpoint, request, options),
    stream: async (request, options) => (await import('../stream/chat-stream.js')).stream(endpoint, request, options),
    runTools: async (request) => (await import('../tools/run-tools.js')).runTools(endpoint, request),
    parse: async (schema, request, options) =>
      (await import('../structured/parse.js')).parse(asIs, schema, request, { known, ...options }),
  };
}

function bearer(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}
