/** An engine without a model that a test plays by hand: each generation is an open book until the test ends it. */
import type {
  Engine,
  EngineDescription,
  GenerationEnd,
  GenerationJob,
  GenerationSink,
} from '#server/engines/engine.js';

/** One generation, to be continued by the test. */
export interface PlayedGeneration {
  readonly job: GenerationJob;
  readonly sink: GenerationSink;
  aborted: boolean;
}

export class PlayedEngine implements Engine {
  readonly generations: PlayedGeneration[] = [];
  /** What it says of itself; a test may change it at any time. */
  says: EngineDescription | undefined = { modelName: 'played by hand', contextTokens: 1024 };
  /** How often it was paused, minus how often it was resumed. */
  pauses = 0;
  isClosed = false;
  /** Resolves when the next generation has been asked for. */
  #arrival = Promise.withResolvers<PlayedGeneration>();

  description(): EngineDescription | undefined {
    return this.says;
  }

  ready(): Promise<EngineDescription> {
    return this.says === undefined ? Promise.reject(new Error('It never will be.')) : Promise.resolve(this.says);
  }

  generate(job: GenerationJob, sink: GenerationSink) {
    const generation: PlayedGeneration = { job, sink, aborted: false };
    this.generations.push(generation);
    this.#arrival.resolve(generation);
    this.#arrival = Promise.withResolvers();
    return {
      abort() {
        if (generation.aborted) return;
        generation.aborted = true;
        queueMicrotask(() => sink.onEnd({ ...ended(), finishReason: 'aborted' }));
      },
      pause: () => {
        this.pauses += 1;
      },
      resume: () => {
        this.pauses -= 1;
      },
    };
  }

  next(): Promise<PlayedGeneration> {
    return this.#arrival.promise;
  }

  countPromptTokens(): Promise<number> {
    return Promise.resolve(ended().usage.prompt_tokens);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** One event with a piece of content. */
export function contentEvent(content: string, finishReason: string | null = null, id = 'x'): Buffer {
  const usage = finishReason === null ? {} : { usage: ended().usage };
  const choices = [{ index: 0, delta: { content }, logprobs: null, finish_reason: finishReason }];
  const head = {
    id,
    object: 'chat.completion.chunk',
    created: 1,
    model: 'deepseek-chat',
    system_fingerprint: 'f',
  };
  return Buffer.from(`data: ${JSON.stringify({ ...head, choices, ...usage })}\n\n`);
}

export interface UsedTokens {
  readonly prompt?: number;
  readonly completion?: number;
  readonly cached?: number;
}

export function ended({ prompt = 3, completion = 1, cached = 0 }: UsedTokens = {}): GenerationEnd {
  return {
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: cached },
      prompt_cache_hit_tokens: cached,
      prompt_cache_miss_tokens: prompt - cached,
    },
    finishReason: 'stop',
  };
}
