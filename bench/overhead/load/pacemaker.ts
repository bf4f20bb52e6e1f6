/**
 * Beats at a fixed rate, to some tens of microseconds: timers of the event loop are good to a millisecond, and a loop that
 * spins would take the processor from the stub upstream. A thread sleeps until the next beat and wakes the event loop.
 */
import { Worker } from 'node:worker_threads';

/** A pacemaker that beats. */
export interface Pacemaker {
  stop(): Promise<void>;
}

/** Calls `beat` so many times a second, with the time on `performance.now()` at which it was planned. */
export function startPacemaker(perSecond: number, beat: (plannedMs: number) => void): Pacemaker {
  const intervalMs = 1000 / perSecond;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./pacemaker-thread.js', import.meta.url), { workerData: { intervalMs, cell } });
  let firstMs: number | undefined;
  let count = 0;
  worker.on('message', () => {
    const nowMs = performance.now();
    firstMs ??= nowMs;
    // A beat that comes late makes up for those that are due by then.
    for (; firstMs + count * intervalMs <= nowMs; count++) beat(firstMs + count * intervalMs);
  });
  return {
    async stop() {
      Atomics.store(cell, 0, 1);
      Atomics.notify(cell, 0);
      await worker.terminate();
    },
  };
}
