/** The thread of a pacemaker: sleeps on a cell of shared memory, which becomes 1 when it is to end, and beats. */
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicUs } from './monotonic.js';

const { intervalUs, cell } = workerData as { intervalUs: number; cell: Int32Array };
const firstUs = monotonicUs();

for (let count = 0; Atomics.load(cell, 0) === 0; count++) {
  const plannedUs = firstUs + count * intervalUs;
  const restUs = plannedUs - monotonicUs();
  if (restUs > 0) Atomics.wait(cell, 0, 0, restUs / 1000);
  // Beats that are late come one after the other, each with its own time.
  parentPort?.postMessage(plannedUs);
}
