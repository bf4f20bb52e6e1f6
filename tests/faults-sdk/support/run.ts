/** Drives clients through all faults against one server, some at a time, and counts how often each of them came. */

import { CASES, type FaultCase, keyOf } from './cases.js';
import type { Access } from './clients.js';
import { createKey, type FaultServer } from './fault-server.js';
import { describeSeen, type Seen } from './seen.js';

/** So many at a time: more would keep each other waiting until their time-outs. */
export const AT_A_TIME = 12;

/** What a client saw of each case, by `keyOf`, in the words of the table. */
export type Column = ReadonlyMap<string, string>;

/** Runs every case with a key of its own, and describes what came of it. */
export async function driveAll(
  server: FaultServer,
  ask: (access: Access, fault: FaultCase) => Promise<Seen>,
): Promise<Column> {
  const column = new Map<string, string>();
  const waiting = [...CASES];
  const work = async () => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      const key = await createKey(server);
      const seen = await ask({ baseUrl: server.baseUrl, apiKey: key.key }, fault);
      column.set(keyOf(fault), describeSeen(seen, server.attemptsOf(key.id), fault.timeoutMs));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return column;
}
