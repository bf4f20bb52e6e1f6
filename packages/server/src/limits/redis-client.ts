/** What the limiter uses of a Redis client, and how it runs a script on it. */
import type { RedisScript } from './redis-scripts.js';

/** Keys and arguments of a script. */
export interface ScriptCall {
  keys: string[];
  arguments: string[];
}

/** A client, pool or cluster of `@redis/client` fits as it is. It should fail, not wait, while it has no connection. */
export interface RedisClient {
  /** Runs a script that the server remembers; rejects with a message that begins with NOSCRIPT when it does not. */
  evalSha(sha1: string, call: ScriptCall): Promise<unknown>;
  /** Runs a script and lets the server remember it. */
  eval(source: string, call: ScriptCall): Promise<unknown>;
}

/** Runs a script in one round trip, or in two when the server sees it for the first time. */
export async function runScript(
  client: RedisClient,
  { source, sha1 }: RedisScript,
  call: ScriptCall,
): Promise<unknown> {
  try {
    return await client.evalSha(sha1, call);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(source, call);
  }
}
