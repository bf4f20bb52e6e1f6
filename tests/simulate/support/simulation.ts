/** A simulated engine in time that a test moves, and jobs for it. */
import { loadDeepSeekTokenizer } from '@plumb/client/tokenizer';
import {
  type ApiError,
  type ChatChunk,
  ChatFold,
  type ChatRequest,
  type ChatResponse,
  EventDecoder,
} from '@plumb/wire';
import { Value } from 'typebox/value';
import type { GenerationEnd, GenerationJob } from '#server/engines/engine.js';
import type { Fixture } from '#server/engines/simulated/fixtures.js';
import type { Latency } from '#server/engines/simulated/latency-model.js';
import { findPreset } from '#server/engines/simulated/presets.js';
import { SimulateSettings } from '#server/engines/simulated/settings.js';
import { SimulatedEngine } from '#server/engines/simulated/simulated-engine.js';
import { TokenReader } from '#server/engines/simulated/tokens.js';
import { ManualTime } from '../../limits/support/manual-time.js';

export const tokens = new TokenReader(await loadDeepSeekTokenizer());

export interface SimulationOptions {
  readonly settings?: Partial<SimulateSettings>;
  readonly latency?: Partial<Latency>;
  readonly fixtures?: readonly Fixture[];
}

/** What became of a job. */
export interface Run {
  readonly response: ChatResponse;
  readonly chunks: readonly ChatChunk[];
  readonly end: GenerationEnd;
  /** In ms from the beginning of the run. */
  readonly begunAt: number;
  readonly firstAt: number;
  readonly endedAt: number;
}

export class Simulation {
  readonly time = new ManualTime();
  readonly engine: SimulatedEngine;

  /** Nothing takes any time unless it is said. */
  constructor({ settings, latency, fixtures = [] }: SimulationOptions = {}) {
    const filled = Value.Default(SimulateSettings, { ...settings }) as SimulateSettings;
    this.engine = new SimulatedEngine({
      settings: filled,
      latency: { ...findPreset('instant')!.latency, ...latency },
      fixtures,
      tokens,
      clock: this.time,
      timers: this.time,
    });
  }

  /** Hands a job in; resolves when it has ended, and rejects with the error of one that failed. */
  start(job: GenerationJob): { readonly ended: Promise<Run>; abort(): void; pause(): void; resume(): void } {
    const began = this.time.now();
    const decoder = new EventDecoder();
    const chunks: ChatChunk[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<Run>();
    let begunAt = Number.NaN;
    let firstAt = Number.NaN;
    const add = (bytes: Uint8Array) => {
      for (const { data } of decoder.push(bytes)) chunks.push(JSON.parse(data) as ChatChunk);
    };
    const running = this.engine.generate(job, {
      onBegun: () => {
        begunAt = this.time.now() - began;
      },
      onEvents: (bytes) => {
        if (Number.isNaN(firstAt)) firstAt = this.time.now() - began;
        add(bytes);
      },
      onEnd: (end) => {
        if (end.lastEvents !== undefined) add(end.lastEvents);
        const response = end.lastEvents === undefined ? (undefined as never) : foldChunks(chunks);
        resolve({ response, chunks, end, begunAt, firstAt, endedAt: this.time.now() - began });
      },
      onFailure: (error: ApiError) => reject(error),
    });
    promise.catch(() => {});
    return {
      ended: promise,
      abort: () => running.abort(),
      pause: () => running.pause?.(),
      resume: () => running.resume?.(),
    };
  }

  /** Lets a job run to its end. */
  async run(job: GenerationJob): Promise<Run> {
    const { ended } = this.start(job);
    await this.time.pass(3_600_000);
    return ended;
  }
}

function foldChunks(chunks: readonly ChatChunk[]): ChatResponse {
  const fold = new ChatFold();
  for (const chunk of chunks) fold.add(chunk);
  return fold.response();
}

/** A job of a request with one message. */
export function jobOf(request: Partial<ChatRequest> = {}, job: Partial<GenerationJob> = {}): GenerationJob {
  return {
    id: 'b6b5c1d0-0000-4000-8000-000000000000',
    created: 1_700_000_000,
    model: 'deepseek-chat',
    request: { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hello!' }], stream: true, ...request },
    thinking: false,
    cacheScope: 'account/',
    account: 'account',
    ...job,
  };
}

/** The words of an answer. */
export function contentOf({ response }: Run): string {
  return response.choices[0]?.message.content ?? '';
}
