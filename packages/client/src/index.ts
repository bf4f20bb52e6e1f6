/** The toolkit to use a chat-completions API well. Safe in browsers, no dependency at run time. */
export * from './errors/kit-error.js';
export * from './kit/endpoint.js';
export * from './limiter/limiter.js';
export * from './time/clock.js';
