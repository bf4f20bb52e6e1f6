/** The connection to Redis: one that fails at once while there is none, and comes back by itself. */
import type { EventEmitter } from 'node:events';
import { ClientOfflineError, createClient } from '@redis/client';
import type { RedisClient } from '../../limits/index.js';

/** The shortest and longest time between two attempts to connect, in ms. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2000;
/** The part of that time that is left to chance, so that the servers of a lost Redis do not come back in step. */
const JITTER_SHARE = 0.5;
/** Silence after which Redis is asked whether it is there, in ms. */
const PING_INTERVAL_MS = 10_000;
/** Silence after which a connection is given up for a new one, in ms: a network that was cut says nothing. */
const SILENCE_MAX_MS = 30_000;

/** A connection that is kept up until it is closed. */
export interface Connection {
  readonly client: RedisClient;
  /** Resolves when the first attempt to connect has come to an end, or after the timeout. Never rejects. */
  readonly tried: Promise<void>;
  /** Calls back whenever the connection fails, or an attempt to make one does. */
  onFailure(callback: () => void): void;
  close(): void;
}

/**
 * Connects to an address such as `redis://:password@host:6379`, `rediss://…` or `unix:///path`. Throws an Error that does
 * not repeat it when it is none.
 */
export function openConnection(url: string, timeoutMs: number): Connection {
  const client = createRedisClient(url, timeoutMs);
  const callbacks: (() => void)[] = [];
  let failure: Error | undefined;
  client.on('ready', () => {
    failure = undefined;
  });
  client.on('error', (error: Error) => {
    failure = error;
    for (const callback of callbacks) callback();
  });
  const tried = firstAttempt(client, timeoutMs);
  // It fails only when it is closed before there was a connection: until then it tries again.
  client.connect().catch(() => {});
  /** Says why there is no connection, which the client's own error does not. */
  const explain = (error: unknown): never => {
    if (!(error instanceof ClientOfflineError) || failure === undefined) throw error;
    throw new Error(`Redis is not connected: ${describeFailure(failure)}`, { cause: failure });
  };
  return {
    client: {
      evalSha: (sha1, call) => client.evalSha(sha1, call).catch(explain),
      eval: (source, call) => client.eval(source, call).catch(explain),
    },
    tried,
    onFailure: (callback) => void callbacks.push(callback),
    close: () => client.destroy(),
  };
}

function firstAttempt(client: EventEmitter, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    for (const event of ['ready', 'error']) {
      client.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

/** Errors about several addresses at once have a code and no message. */
function describeFailure(failure: Error & { readonly code?: string }): string {
  return failure.message || failure.code || failure.name;
}

function createRedisClient(url: string, timeoutMs: number) {
  try {
    return createClient({
      url,
      // Version 2 of the protocol: version 3 begins with a command whose refusal can repeat the password.
      RESP: 2,
      disableOfflineQueue: true,
      pingInterval: PING_INTERVAL_MS,
      socket: {
        connectTimeout: timeoutMs,
        socketTimeout: Math.max(SILENCE_MAX_MS, 3 * timeoutMs),
        reconnectStrategy: retryDelayMs,
      },
    });
  } catch {
    // What the client throws repeats the address, and with it the password.
    throw new Error(
      'shared_limits.redis_url is no address of a Redis: write it like redis://:password@host:6379, rediss:// for TLS, or unix:///path/to/socket.',
    );
  }
}

/** Twice as long after every failure, up to a bound, part of it by chance; never ends. */
export function retryDelayMs(failures: number): number {
  const delayMs = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS);
  return Math.round(delayMs * (1 - JITTER_SHARE * Math.random()));
}
