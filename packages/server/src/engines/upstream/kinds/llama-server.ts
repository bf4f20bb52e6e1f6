/** llama-server of llama.cpp. It answers to any model name, and goes on with a last message that is the assistant's. */
import { templateSwitches, type UpstreamKind } from './kind.js';

export const llamaServer: UpstreamKind = {
  name: 'llama-server',
  writeThinking: (thinking, request) => ({ ...templateSwitches(thinking, request), reasoning_format: 'deepseek' }),
  writeCacheScope: () => ({}),
  writePrefix: () => ({}),
  knowsContract: false,
  takesReasoning: true,
  reasoningFields: ['reasoning_content'],
  completions: { isBeta: false, knowsSuffix: false },
  sendsKeepAlives: false,
  healthPath: '/health',
  contextFields: [['meta', 'n_ctx']],
  checksModelNames: false,
};
