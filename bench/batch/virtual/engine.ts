/** The engine behind the server, in virtual time: takes as long, and counts as many tokens, as each prompt says. */
import { serviceUnavailable, type Usage } from '@plumb/wire';
import type { CountJob, Engine, EngineDescription, GenerationJob, GenerationSink } from '#server/engines/engine.js';
import type { VirtualTime } from '../../support/virtual-time.js';
import { type BatchJob, readPrompt } from '../job-text.js';

export class TimedEngine implements Engine {
  /** How many generations run. */
  running = 0;
  /** How often each job was done to its end. */
  readonly done = new Map<string, number>();
  readonly #time: VirtualTime;
  readonly #outage: readonly [from: number, until: number] | undefined;

  /** @param outage When it fails, in ms since the epoch. */
  constructor(time: VirtualTime, outage?: readonly [from: number, until: number]) {
    this.#time = time;
    this.#outage = outage;
  }

  description(): EngineDescription {
    return { modelName: 'takes its time', contextTokens: 65_536 };
  }

  ready(): Promise<EngineDescription> {
    return Promise.resolve(this.description());
  }

  generate({ id, model, request }: GenerationJob, sink: GenerationSink) {
    const job = readPrompt(String(request.messages[0]?.content));
    if (this.#isOut) {
      queueMicrotask(() => sink.onFailure(serviceUnavailable({ detail: 'the outage of the benchmark' })));
      return { abort() {} };
    }
    this.running++;
    const cancel = this.#time.after(job.durationMs, () => {
      this.running--;
      this.done.set(job.id, (this.done.get(job.id) ?? 0) + 1);
      sink.onBegun();
      const usage = usageOf(job);
      sink.onEvents(chunk(id, model, 'Done', null));
      sink.onEnd({ usage, finishReason: 'stop', lastEvents: chunk(id, model, '', 'stop', usage) });
    });
    return {
      abort: () => {
        cancel();
        this.running--;
        queueMicrotask(() => sink.onEnd({ usage: usageOf(job), finishReason: 'aborted' }));
      },
    };
  }

  countPromptTokens({ request }: CountJob): Promise<number> {
    return Promise.resolve(readPrompt(String(request.messages[0]?.content)).promptTokens);
  }

  async close(): Promise<void> {}

  get #isOut(): boolean {
    const now = this.#time.now();
    return this.#outage !== undefined && now >= this.#outage[0] && now < this.#outage[1];
  }
}

function chunk(id: string, model: string, content: string, finishReason: string | null, usage?: Usage): Buffer {
  const choices = [{ index: 0, delta: { content }, logprobs: null, finish_reason: finishReason }];
  const head = { id, object: 'chat.completion.chunk', created: 1, model, system_fingerprint: 'bench' };
  return Buffer.from(`data: ${JSON.stringify({ ...head, choices, ...(usage && { usage }) })}\n\n`);
}

function usageOf({ promptTokens, answerTokens }: BatchJob): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: answerTokens,
    total_tokens: promptTokens + answerTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    prompt_cache_hit_tokens: 0,
    prompt_cache_miss_tokens: promptTokens,
  };
}
