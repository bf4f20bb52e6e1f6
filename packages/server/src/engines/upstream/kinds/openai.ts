/** Any other server of the OpenAI format: nothing is taken for granted. */
import { effectiveEffort, type UpstreamKind } from './kind.js';

export const openai: UpstreamKind = {
  name: 'openai',
  // Only what the client said itself: models that do not think refuse the field, and `max` is no level of this format.
  writeThinking: (thinking, request) => {
    const effort = thinking ? effectiveEffort(request) : undefined;
    return effort === undefined ? {} : { reasoning_effort: effort === 'max' ? 'high' : effort };
  },
  writeCacheScope: () => ({}),
  writePrefix: () => ({}),
  knowsContract: false,
  takesReasoning: false,
  reasoningFields: ['reasoning_content', 'reasoning'],
  completions: { isBeta: false, knowsSuffix: true },
  sendsKeepAlives: false,
  healthPath: undefined,
  contextFields: [['context_window'], ['context_length'], ['max_model_len'], ['meta', 'n_ctx']],
  checksModelNames: false,
};
