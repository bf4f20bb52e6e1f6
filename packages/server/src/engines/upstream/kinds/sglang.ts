/** SGLang. Reasoning is told apart when it was started with a reasoning parser; cache hits are told with `--enable-cache-report`. */
import { templateSwitches, type UpstreamKind } from './kind.js';

export const sglang: UpstreamKind = {
  name: 'sglang',
  writeThinking: (thinking, request) => ({ ...templateSwitches(thinking, request), separate_reasoning: true }),
  writeCacheScope: () => ({}),
  writePrefix: () => ({ continue_final_message: true }),
  knowsContract: false,
  takesReasoning: true,
  reasoningFields: ['reasoning_content', 'reasoning'],
  completions: { isBeta: false, knowsSuffix: false },
  sendsKeepAlives: false,
  healthPath: '/health',
  contextFields: [['max_model_len']],
  checksModelNames: false,
};
