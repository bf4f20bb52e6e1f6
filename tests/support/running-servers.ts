/**
 * The servers that run in the process of a test, by their data folder: what they have answered a moment ago may not be in
 * the database yet, and whoever looks there asks them for it first.
 */
import type { RunningServer } from '@plumb/server';

const running = new Map<string, RunningServer>();

/** A server runs on a data folder from now on. */
export function noteRunning(dataDir: string, server: RunningServer): void {
  running.set(dataDir, server);
}

/** Resolves when the server of a folder, if one runs here, has put everything into its database. */
export async function flushServer(dataDir: string): Promise<void> {
  await running.get(dataDir)?.platform.ledger.flush();
}
