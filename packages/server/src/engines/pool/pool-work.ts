/** What a pool is asked to have done, in the words of its members: a chat, or embeddings. */
import { serviceUnavailable } from '@plumb/wire';
import type { EmbeddingJob, Engine, GenerationJob, GenerationSink, RunningGeneration } from '../engine.js';
import type { Work } from './choose/choice.js';
import { expectInputTokens, expectTokens } from './expected-tokens.js';
import type { PooledWork } from './pooled-generation.js';

/** What is said where a member of the pool makes no embeddings. */
export const NO_EMBEDDINGS = serviceUnavailable({ detail: 'an engine of the pool makes no embeddings' });

export class ChatWork implements PooledWork {
  readonly job: GenerationJob;
  readonly tokens: number;

  constructor(job: GenerationJob) {
    this.job = job;
    this.tokens = expectTokens(job.request, job.text);
  }

  get account(): string {
    return this.job.account;
  }

  start(engine: Engine, sink: GenerationSink): RunningGeneration {
    return engine.generate(this.job, sink);
  }
}

export class EmbeddingWork implements PooledWork {
  readonly job: Work['job'];
  readonly tokens: number;
  readonly #job: EmbeddingJob;

  constructor(job: EmbeddingJob) {
    this.#job = job;
    // No cache has the beginning of anything here: with a scope of its own each request goes wherever there is room.
    this.job = { request: { model: job.request.model, messages: [] }, cacheScope: job.id };
    this.tokens = expectInputTokens(job.request);
  }

  get account(): string {
    return this.#job.account;
  }

  start(engine: Engine, sink: GenerationSink): RunningGeneration {
    return engine.embed?.(this.#job, sink) ?? refuseEmbeddings(sink);
  }
}

function refuseEmbeddings(sink: GenerationSink): RunningGeneration {
  queueMicrotask(() => sink.onFailure(NO_EMBEDDINGS));
  return { abort() {} };
}
