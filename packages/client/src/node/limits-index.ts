/** Limits that several processes share. Needs files, so it is not a part of what runs in browsers. */
export { createSharedLimiter, type SharedLimiter, type SharedLimiterOptions } from './shared-limits.js';
