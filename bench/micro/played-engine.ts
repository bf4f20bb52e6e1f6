/** An upstream engine whose connections play an answer at once, in the pieces that they are given. */
import type { ChatRequest } from '@plumb/wire';
import type { GenerationJob } from '#server/engines/engine.js';
import type { Connections } from '#server/engines/upstream/connections.js';
import { UpstreamEngine } from '#server/engines/upstream/upstream-engine.js';

/** What undici tells of an answer. */
type Handler = Parameters<Connections['dispatch']>[1];
type Controller = Parameters<NonNullable<Handler['onRequestStart']>>[0];

export interface PlayedEngine {
  /** Resolves with the engine's end; rejects when the answer fails. */
  generate(job: GenerationJob): Promise<unknown>;
}

export function createPlayedEngine(pieces: readonly Buffer[]): PlayedEngine {
  const isObject = pieces[0]?.[0] === '{'.charCodeAt(0);
  const headers = { 'content-type': isObject ? 'application/json' : 'text/event-stream' };
  const engine = new UpstreamEngine({
    ...{ kind: 'openai', url: 'http://engine.invalid/v1', model: 'stub' },
    ...{ connectTimeoutMs: 60_000, firstEventTimeoutMs: 60_000, idleTimeoutMs: 60_000 },
    connect: () => ({ dispatch: (_, handler) => play(handler, pieces, headers), destroy: async () => {} }),
  });
  return {
    generate: (job) =>
      new Promise((resolve, reject) => {
        const takesResponse = job.request.stream !== true;
        engine.generate(job, { takesResponse, onBegun() {}, onEvents() {}, onEnd: resolve, onFailure: reject });
      }),
  };
}

/** The job of a request, as the way of a request would describe it. */
export function createJob(request: ChatRequest): GenerationJob {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    created: 1_790_000_000,
    model: 'deepseek-chat',
    request,
    thinking: false,
    cacheScope: 'account-1/',
    account: 'account-1',
  };
}

/** Nothing is received before `dispatch` has returned. */
function play(handler: Handler, pieces: readonly Buffer[], headers: Record<string, string>): boolean {
  queueMicrotask(() => {
    handler.onRequestStart?.(CONTROLLER, undefined);
    handler.onResponseStart?.(CONTROLLER, 200, headers, 'OK');
    for (const piece of pieces) handler.onResponseData?.(CONTROLLER, piece);
    handler.onResponseEnd?.(CONTROLLER, {});
  });
  return true;
}

/** There is no connection to be paused or broken off. */
const CONTROLLER = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
} as unknown as Controller;
