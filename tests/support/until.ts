/** Waits for what another process, or the network, does in its own time. */
import { setTimeout as wait } from 'node:timers/promises';

/** How long at most; far beyond what a loaded machine needs. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 5;

/** Resolves as soon as the condition holds; rejects when it does not for 30 s. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}.`);
    await wait(PAUSE_MS);
  }
}
