/** For commands that serve until they are told to stop. */

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process as it does by itself. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
