/** Plumb's engine process without the server: what is missing from it to the server is the cost of the HTTP front. */
import type { LoadOptions } from '@plumb/llama/link';
import { CONTEXT_TOKENS } from '../workload.js';
import type { Contender, Setting } from './contender.js';
import { PREFILL_TOKENS, toApiTemperature } from './plumb.js';

/** Compares the engine process, driven over its link. It is started by the load client, which holds the link. */
export const engineAlone: Contender = {
  name: 'engine-alone',
  adaptBody: toApiTemperature,
  start: async (setting) => ({
    target: { kind: 'link', load: describeLoad(setting) },
    processes: [],
    stop: async () => {},
  }),
};

function describeLoad({ modelPath, width, threads }: Setting): LoadOptions {
  return {
    modelPath,
    contextTokens: CONTEXT_TOKENS,
    sequences: width,
    threads,
    prefillTokens: PREFILL_TOKENS,
    thinkingTokens: 0,
    gpuLayers: 0,
  };
}
