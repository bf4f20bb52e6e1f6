/** The thread of a pacemaker: sleeps on a cell of shared memory, which becomes 1 when it is to end, and beats. */
import { parentPort, workerData } from 'node:worker_threads';

const { intervalMs, cell } = workerData as { intervalMs: number; cell: Int32Array };
const firstMs = performance.now();

for (let count = 0; Atomics.load(cell, 0) === 0; count++) {
  const restMs = firstMs + count * intervalMs - performance.now();
  if (restMs > 0) Atomics.wait(cell, 0, 0, restMs);
  parentPort?.postMessage(undefined);
}
