/** How long a server takes to its first answer, and what it holds when it has nothing to do. */
import { setTimeout as wait } from 'node:timers/promises';
import { startServerProcess } from '../support/plumb-process.js';
import { readResidentBytes } from '../support/process-memory.js';
import { readProcessMs } from '../support/process-usage.js';
import { benchPath, startProgram } from '../support/programs.js';
import { spread } from '../support/statistics.js';
import type { Row } from './report.js';
import { withScene } from './scene.js';

const STARTS = 9;
/** What was read at the start has been tidied up by then, in ms. */
const REST_MS = 3000;
const MEGABYTE = 1e6;

/** Starts it again and again on the same data folder. */
export async function measureIdle(): Promise<Row[]> {
  const bare = { resident: [] as number[], first: [] as number[] };
  const plumb = { resident: [] as number[], first: [] as number[], ready: [] as number[], processor: [] as number[] };
  await withScene(async (folder) => {
    for (let start = 0; start < STARTS; start++) {
      const startedAt = performance.now();
      const other = await startProgram({ path: benchPath('memory/bare-program.js') });
      bare.first.push(performance.now() - startedAt);
      const server = await startServerProcess({ folder });
      plumb.first.push(server.firstAnswerMs);
      plumb.ready.push(server.readyMs);
      plumb.processor.push(readProcessMs(server.processId));
      await wait(REST_MS);
      bare.resident.push(readResidentBytes(other.processId) / MEGABYTE);
      plumb.resident.push(readResidentBytes(server.processId) / MEGABYTE);
      await Promise.all([server.stop(), other.stop()]);
    }
  });
  return [
    row('resident memory, idle', 'MB', plumb.resident, '≤ 120'),
    row('of that: an empty server of node:http', 'MB', bare.resident),
    row('process start to the first answer (GET /healthz)', 'ms', plumb.first, '≤ 500'),
    row('process start to all engines ready (GET /readyz)', 'ms', plumb.ready),
    row('processor time until then', 'ms', plumb.processor),
    row('of that: an empty server of node:http listens', 'ms', bare.first),
  ];
}

function row(what: string, unit: string, values: readonly number[], target = ''): Row {
  const { median, min, max } = spread(values)!;
  return { what, unit, value: median, note: `${min.toFixed(0)} to ${max.toFixed(0)}, ${values.length} starts`, target };
}
