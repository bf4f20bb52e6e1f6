/** What the toolkit has for Node and Bun alone: limiters that processes share, and files of batches. */
import type { LimiterOptions } from '../limiter/create-limiter.js';
import type { Limiter } from '../limiter/limiter.js';
import { createSharedLimiter } from './shared-limits.js';

export * from './batch-index.js';
export { createSharedLimiter, type SharedLimiter, type SharedLimiterOptions } from './shared-limits.js';

/**
 * For `createKit({ createLimiter: shareLimits() })`: all processes of this user that send with the same key keep its limits
 * together.
 *
 * @param folder Where the files are. Default: below `XDG_RUNTIME_DIR` or the folder for temporary files.
 */
export function shareLimits(folder?: string) {
  return (scope: { endpoint: string; key: string; model: string }, options: LimiterOptions): Limiter => {
    // The clock of a kit begins with its process; what is shared has the one of the machine.
    const { clock: _, ...limits } = options;
    return createSharedLimiter({ ...limits, ...scope, ...(folder === undefined ? {} : { folder }) });
  };
}
