/** `@plumb/client/tokenizer`: exact counting. Apart from the kit, because its vocabulary is 0.6 MB; import it when needed. */
export type { TokenCounter } from '../token-counter.js';
export * from './deepseek-counter.js';
export { DeepSeekTokenizer, type EncodeOptions, loadDeepSeekTokenizer } from './deepseek-tokenizer.js';
