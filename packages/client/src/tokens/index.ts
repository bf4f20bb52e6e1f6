/** Token counting without a vocabulary: the port, the estimator, and the format of prompts. */
export { estimateTokens } from './estimate-text.js';
export { createEstimator, estimateChat } from './estimator.js';
export type { TokenCounter } from './token-counter.js';
