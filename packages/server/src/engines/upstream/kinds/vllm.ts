/** vLLM. Its reasoning was `reasoning_content` until the end of 2025, both for a while, and is `reasoning` now. */
import { templateSwitches, type UpstreamKind } from './kind.js';

export const vllm: UpstreamKind = {
  name: 'vllm',
  // The level goes to the template: the field of the request knows fewer levels, and which ones depends on the version.
  writeThinking: templateSwitches,
  writeCacheScope: (scope) => ({ cache_salt: scope() }),
  writePrefix: () => ({ continue_final_message: true, add_generation_prompt: false }),
  knowsContract: false,
  takesReasoning: true,
  reasoningFields: ['reasoning', 'reasoning_content'],
  completions: { isBeta: false, knowsSuffix: true },
  sendsKeepAlives: false,
  healthPath: '/health',
  contextFields: [['max_model_len']],
  checksModelNames: true,
};
