/** The toolkit to use a chat-completions API well. Safe in browsers, no dependency at run time. */
export type { BreakerOptions } from './breaker/breaker.js';
export type { IncidentReport } from './breaker/incident.js';
export * from './errors/kit-error.js';
export type { TimeoutOptions } from './fetch/attempt.js';
export * from './kit/endpoint.js';
export * from './kit/events.js';
export * from './kit/kit.js';
export type { KitOptions, LimitOptions, RetryOptions } from './kit/options.js';
export { createLimiter } from './limiter/create-limiter.js';
export * from './limiter/limiter.js';
export { readRefusal } from './limiter/read-refusal.js';
export type { RepairOptions } from './repairs/repairs.js';
export { type BackoffOptions, drawBackoff, drawHintedWait } from './retry/backoff.js';
export { type RetryHint, readRetryHint } from './retry/retry-hint.js';
export { RetryQuota, type RetryQuotaOptions } from './retry/retry-quota.js';
export type { AiSdkOptions, AnthropicOptions, LangchainOptions, OpenAiOptions } from './sdk/sdk-options.js';
export * from './time/clock.js';
export * from './tokens/index.js';
