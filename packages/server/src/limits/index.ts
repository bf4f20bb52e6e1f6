/** The limits as the rest of the server sees them. */
export * from './answer-lengths.js';
export * from './fallback-limiter.js';
export * from './headers.js';
export * from './limiter.js';
export { MemoryLimiter } from './memory-limiter.js';
export type { RedisClient } from './redis-client.js';
export { RedisLimiter, type RedisLimiterOptions } from './redis-limiter.js';
export * from './reservation.js';
export * from './timers.js';
export * from './waiting-room.js';
