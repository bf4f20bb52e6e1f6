/** The toolkit to use a chat-completions API well. Safe in browsers, no dependency at run time. */
export * from './errors/kit-error.js';
export * from './kit/endpoint.js';
export { createLimiter, type LimiterOptions } from './limiter/create-limiter.js';
export type { LimiterEvent } from './limiter/events.js';
export * from './limiter/limiter.js';
export { readRefusal } from './limiter/refusals.js';
export * from './time/clock.js';
