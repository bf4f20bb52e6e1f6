/**
 * An engine without a model, for rehearsal: it answers with texts that follow from the request, as fast or as slowly as a
 * known system would, and counts tokens as DeepSeek does.
 */
import { contextLengthExceeded, encodeEvent, serviceUnavailable, toApiError, type Usage } from '@plumb/wire';
import type { Timers } from '../../limits/timers.js';
import type { Clock } from '../../observe/clock.js';
import type {
  CountJob,
  EmbeddingJob,
  Engine,
  EngineDescription,
  GenerationJob,
  GenerationSink,
  RunningGeneration,
} from '../engine.js';
import { Batch } from './batch.js';
import type { Fixture } from './fixtures.js';
import { SimulatedGeneration } from './generation.js';
import { type Latency, LatencyModel } from './latency-model.js';
import { planAnswer } from './plan-answer.js';
import { PrefixCache } from './prefix-cache.js';
import { SeededRandom } from './random.js';
import type { SimulateSettings } from './settings.js';
import type { TokenReader } from './tokens.js';
import { countInputs, requireDimensions, writeEmbeddings } from './write-embeddings.js';

/** Requests that wait for a slot; more get a 503 at once. */
export const WAITING_REQUESTS_MAX = 100_000;

/** `system_fingerprint` of its answers. */
const FINGERPRINT = 'fp_simulated';

export interface SimulatedEngineOptions {
  readonly settings: Omit<SimulateSettings, 'enabled' | 'fixtures' | 'trace' | 'latency' | 'time_scale'>;
  readonly latency: Latency;
  readonly fixtures: readonly Fixture[];
  readonly tokens: TokenReader;
  readonly clock: Clock;
  readonly timers: Timers;
}

export class SimulatedEngine implements Engine {
  readonly #options: SimulatedEngineOptions;
  readonly #latency: LatencyModel;
  readonly #batch: Batch;
  readonly #cache: PrefixCache;
  readonly #running = new Set<SimulatedGeneration>();
  readonly #embedding = new Set<() => void>();
  #isClosed = false;

  constructor(options: SimulatedEngineOptions) {
    const { settings, latency, clock, timers } = options;
    this.#options = options;
    this.#latency = new LatencyModel(latency, new SeededRandom(['latency', settings.seed]));
    this.#batch = new Batch({ latency: this.#latency, clock, timers });
    this.#cache = new PrefixCache(settings.cache_tokens);
  }

  description(): EngineDescription | undefined {
    if (this.#isClosed) return undefined;
    const { preset, context_tokens } = this.#options.settings;
    return {
      modelName: `simulated (${preset})`,
      contextTokens: context_tokens,
      completesTexts: true,
      hasEffortLevels: true,
    };
  }

  async ready(): Promise<EngineDescription> {
    const description = this.description();
    if (description === undefined) throw new Error('The engine is closed.');
    return description;
  }

  /** Requests that wait for a slot, and those in one. */
  get load(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#batch.waiting, running: this.#batch.running };
  }

  generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    if (this.#batch.waiting >= WAITING_REQUESTS_MAX) {
      queueMicrotask(() => sink.onFailure(crowded(), undefined, { cause: 'busy' }));
      return { abort() {} };
    }
    try {
      const generation = this.#begin(job, sink);
      return {
        abort: () => generation.abort(),
        pause: () => generation.pause(),
        resume: () => generation.resume(),
      };
    } catch (thrown) {
      queueMicrotask(() => sink.onFailure(toApiError(thrown)));
      return { abort() {} };
    }
  }

  async countPromptTokens(job: CountJob): Promise<number> {
    return this.#countPrompt(job);
  }

  embed(job: EmbeddingJob, sink: GenerationSink): RunningGeneration {
    const { settings, tokens, timers } = this.#options;
    try {
      this.#requireOpen();
      requireDimensions(job.request, settings.embedding_dimensions);
    } catch (thrown) {
      queueMicrotask(() => sink.onFailure(toApiError(thrown)));
      return { abort() {} };
    }
    const inputs = tokens.readInputs(job.request.input);
    const usage = promptUsage(countInputs(inputs));
    queueMicrotask(() => sink.onBegun());
    const finish = (end: () => void) => {
      cancel();
      if (this.#embedding.delete(fail)) queueMicrotask(end);
    };
    const fail = () => finish(() => sink.onFailure(closed()));
    const cancel = timers.after(this.#latency.prefillMs(usage.prompt_tokens), () =>
      finish(() => {
        const answer = JSON.stringify(writeEmbeddings(job, inputs, settings.embedding_dimensions));
        sink.onEnd({ usage, finishReason: 'stop', lastEvents: Buffer.from(encodeEvent(answer)) });
      }),
    );
    this.#embedding.add(fail);
    return { abort: () => finish(() => sink.onEnd({ usage, finishReason: 'aborted' })) };
  }

  async countInputTokens({ request }: Pick<EmbeddingJob, 'request'>): Promise<number> {
    return countInputs(this.#options.tokens.readInputs(request.input));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#batch.close();
    for (const generation of [...this.#running]) generation.fail(closed());
    for (const fail of [...this.#embedding]) fail();
  }

  /** Throws an ApiError for a request that cannot be answered. */
  #begin(job: GenerationJob, sink: GenerationSink): SimulatedGeneration {
    this.#requireOpen();
    const { tokens, settings } = this.#options;
    const { ids } = tokens.readPrompt(job);
    const promptTokens = this.#countPrompt(job);
    const maxTokens = job.request.max_tokens ?? undefined;
    const room = settings.context_tokens - promptTokens;
    if (room < (maxTokens ?? 1)) throw contextLengthExceeded(settings.context_tokens, promptTokens, maxTokens ?? 1);
    const plan = planAnswer(job, maxTokens ?? room, this.#options);
    const generation: SimulatedGeneration = new SimulatedGeneration({
      ...{ job, sink, plan, promptTokens, fingerprint: FINGERPRINT },
      owner: {
        findCached: () => this.#cache.find(job.cacheScope, ids),
        prefilled: () => this.#cache.keep(job.cacheScope, ids),
        ended: (content) => {
          this.#running.delete(generation);
          this.#batch.remove(generation);
          if (content !== '') this.#cache.keep(job.cacheScope, [...ids, ...tokens.encode(content)]);
        },
      },
    });
    this.#running.add(generation);
    this.#batch.add(generation);
    return generation;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closed();
  }

  /** A prompt without a text still has a token to go on from. */
  #countPrompt(job: CountJob): number {
    const { ids, estimated } = this.#options.tokens.readPrompt(job);
    return Math.max(1, ids.length + estimated);
  }
}

function closed() {
  return serviceUnavailable({ detail: 'the simulated engine is closed' });
}

function crowded() {
  return serviceUnavailable({ detail: 'too many requests wait for the simulated engine' });
}

function promptUsage(tokens: number): Usage {
  return {
    prompt_tokens: tokens,
    completion_tokens: 0,
    total_tokens: tokens,
    prompt_tokens_details: { cached_tokens: 0 },
    prompt_cache_hit_tokens: 0,
    prompt_cache_miss_tokens: tokens,
  };
}
