/** The limiter of a worker with the desk of the primary that it asks. */
import type { Limiter } from '#server/limits/index.js';
import { LimitDesk } from '#server/workers/limits/limit-desk.js';
import { RemoteLimiter } from '#server/workers/limits/remote-limiter.js';
import { type ConnectedChannels, connectChannels } from './connected-channels.js';

export interface ConnectedLimiter extends ConnectedChannels {
  readonly desk: LimitDesk;
  readonly limiter: RemoteLimiter;
}

export function connectLimiter(limiter: Limiter): ConnectedLimiter {
  const desk = new LimitDesk(limiter);
  const channels = connectChannels({
    admit: (message) => desk.admit(message),
    settle: (message) => desk.settle(message),
    abandon: (ticket) => desk.abandon(ticket),
    peek: (message) => desk.peek(message),
  });
  return { desk, limiter: new RemoteLimiter(channels.worker), ...channels };
}
