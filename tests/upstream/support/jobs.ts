/** Jobs and engines for the tests of this folder. */
import type { ChatRequest } from '@plumb/wire';
import type { GenerationJob } from '#server/engines/engine.js';
import { UpstreamEngine, type UpstreamEngineOptions } from '#server/engines/upstream/upstream-engine.js';

export const TOOLS: NonNullable<ChatRequest['tools']> = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } },
];

export interface JobParts {
  readonly thinking?: boolean;
  readonly request?: Partial<ChatRequest>;
  readonly cacheScope?: string;
}

export function createJob({ thinking = false, request = {}, cacheScope = 'account-1/' }: JobParts = {}): GenerationJob {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    created: 1_790_000_000,
    model: 'deepseek-flash',
    request: { model: 'deepseek-flash', messages: [{ role: 'user', content: 'Hello' }], stream: true, ...request },
    thinking,
    cacheScope,
    account: 'account-1',
  };
}

/** An engine whose time-outs no test waits for. */
export function createEngine(options: Partial<UpstreamEngineOptions> & { url: string }): UpstreamEngine {
  return new UpstreamEngine({
    kind: 'openai',
    connectTimeoutMs: 30_000,
    firstEventTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    ...options,
  });
}
