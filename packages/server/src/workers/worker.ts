/** A worker: a whole server, which shares with the others what must not be there twice. */
import type { Operations } from '../admin/operations.js';
import type { Config } from '../config/settings.js';
import { type RunningServer, startServer } from '../main.js';
import { createLog } from '../observe/log.js';
import type { Access } from '../store/open-access.js';
import { Channel, type ChannelOptions } from './channel.js';
import type { Seat } from './dialogue.js';
import { RemoteLedger } from './ledger/remote-ledger.js';
import { RemoteLimiter } from './limits/remote-limiter.js';
import { call, type PerformCall, type WorkerVerbs } from './operations/calls.js';
import { createRemoteOperations } from './operations/remote-operations.js';

export interface WorkerOptions {
  /** Writes to the primary. */
  readonly send: ChannelOptions['send'];
  /** Hands over what receives from the primary. */
  readonly onChannel: (channel: Channel) => void;
  /** Ends this process, once everything that was sent has gone out. */
  readonly end: (exitCode: number) => void;
}

/** Starts a worker as the primary says. Never rejects: the primary hears why it could not start. */
export async function runWorker({ send, onChannel, end }: WorkerOptions): Promise<void> {
  const verbs = Promise.withResolvers<WorkerVerbs>();
  const channel = new Channel({
    send,
    replies: { perform: async (asked) => call(await verbs.promise, asked) },
  });
  onChannel(channel);
  try {
    const seat = await channel.ask('seat', undefined);
    const { server, own } = await startSeated(channel, seat);
    verbs.resolve(createVerbs(server, own, end));
    channel.tell('started', { url: server.url, faults: server.platform.faults.summary() });
  } catch (error) {
    await channel.ask('failed', (error as Error).message).catch(() => {});
    end(1);
  }
}

async function startSeated(channel: Channel, { config, secret, changes }: Seat) {
  let own: Operations | undefined;
  const server = await startServer({
    ...{ config, secret, model: {} },
    log: createLog(config.log.level, { isShared: true }),
    ...shareWith(channel, config),
    wrapOperations(operations) {
      own = operations;
      for (const change of changes) repeat(operations, change);
      return createRemoteOperations(channel);
    },
  });
  if (own === undefined) throw new Error('A server has started without its operations.');
  return { server, own };
}

/** A database or a Redis of its own shares by itself. */
function shareWith(channel: Channel, { database, shared_limits }: Config) {
  return {
    ...(database.url === undefined && {
      wrapAccess: (access: Access): Access => ({ ...access, ledger: new RemoteLedger(channel, access.ledger) }),
    }),
    ...(shared_limits.redis_url === undefined && { wrapLimiter: () => new RemoteLimiter(channel) }),
  };
}

function repeat(operations: Operations, change: PerformCall): void {
  const [name] = change;
  if (name in operations) call(operations, change as Parameters<typeof call<Operations>>[1]);
}

function createVerbs(server: RunningServer, own: Operations, end: WorkerOptions['end']): WorkerVerbs {
  return {
    ...own,
    metricValues: () => server.platform.metrics.values(),
    takeOn: (config) => server.takeOn(config),
    ready: () => server.ready(),
    async stop(timeoutMs) {
      const cut = await server.stop(timeoutMs);
      end(0);
      return cut;
    },
  };
}
