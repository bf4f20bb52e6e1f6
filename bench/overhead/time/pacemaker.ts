/**
 * Beats at a fixed rate, to some tens of microseconds: timers of the event loop are good to a millisecond, and a loop that
 * spins would take the processor from the stub upstream. A thread sleeps until the next beat and wakes the event loop.
 */
import { Worker } from 'node:worker_threads';
import { monotonicUs } from './monotonic.js';

/** A pacemaker that beats. */
export interface Pacemaker {
  stop(): Promise<void>;
}

/** Calls `beat` so many times a second, with the time on `performance.now()` at which it was planned. */
export function startPacemaker(perSecond: number, beat: (plannedMs: number) => void): Pacemaker {
  const intervalUs = 1_000_000 / perSecond;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./pacemaker-thread.js', import.meta.url), { workerData: { intervalUs, cell } });
  // Threads count `performance.now()` from times of their own.
  const offsetMs = performance.now() - monotonicUs() / 1000;
  worker.on('message', (plannedUs: number) => beat(plannedUs / 1000 + offsetMs));
  return {
    async stop() {
      Atomics.store(cell, 0, 1);
      Atomics.notify(cell, 0);
      await worker.terminate();
    },
  };
}
