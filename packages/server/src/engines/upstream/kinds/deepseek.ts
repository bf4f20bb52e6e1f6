/** The DeepSeek API itself: the contract is its own. */
import type { UpstreamKind } from './kind.js';

export const deepseek: UpstreamKind = {
  name: 'deepseek',
  writeThinking: (thinking, { reasoning_effort: effort }) => ({
    thinking: { type: thinking ? 'enabled' : 'disabled' },
    ...(thinking && effort !== undefined && effort !== null && effort !== 'none' ? { reasoning_effort: effort } : {}),
  }),
  writeCacheScope: (scope) => ({ user_id: scope() }),
  writePrefix: () => ({}),
  knowsContract: true,
  takesReasoning: true,
  reasoningFields: ['reasoning_content'],
  completions: { isBeta: true, knowsSuffix: true },
  sendsKeepAlives: true,
  healthPath: undefined,
  contextFields: [['context_window']],
  checksModelNames: false,
};
