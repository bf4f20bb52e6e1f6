/** What a stream costs that is open and idle: 1,000 and 10,000 of them over an engine that has stopped talking. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type ServerProcess, startServerProcess } from '../support/plumb-process.js';
import { readResidentBytes } from '../support/process-memory.js';
import { openStreams } from './open-streams.js';
import type { Row } from './report.js';
import { withScene } from './scene.js';

const COUNTS = [1_000, 10_000];
/** What a first few streams bring with them is not theirs. */
const BASE = 10;
/** Beside the streams, a server has this many descriptors open at the most. */
const OTHER_DESCRIPTORS = 200;
/** The engine says nothing for so long. */
const PAUSE_MS = 600_000;
/** Garbage of the opening is collected within this time, as far as Node does so unasked, in ms. */
const REST_MS = 5_000;

/** Each number in a process of its own: what one left behind must not hide in the next. */
export async function measureStreams(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const wanted of COUNTS) rows.push(...(await measureCount(wanted)));
  return rows;
}

async function measureCount(wanted: number): Promise<Row[]> {
  const most = Math.floor((readDescriptorLimit() - OTHER_DESCRIPTORS) / 2);
  const count = Math.min(wanted, most);
  const needed = wanted * 2 + OTHER_DESCRIPTORS;
  const note = count < wanted ? `${count} streams: ${wanted} need \`ulimit -n ${needed}\`` : `${count} streams`;
  return withScene(async (folder) => {
    const server = await startServerProcess({ folder });
    try {
      const before = await openAndRest(server, folder.key, BASE);
      const after = await openAndRest(server, folder.key, count);
      const what = `an open stream, of ${wanted.toLocaleString('en')}`;
      return [{ what, unit: 'KB', value: (after - before) / 1000 / count, note, target: '≤ 35' }];
    } finally {
      await server.stop();
    }
  });
}

/** Opens streams, and resolves with the bytes in use once they are idle. */
async function openAndRest({ url, processId }: ServerProcess, key: string, count: number): Promise<number> {
  await openStreams(url, key, count, PAUSE_MS);
  await wait(REST_MS);
  return readResidentBytes(processId);
}

/** How many descriptors a process may have open; every stream of a server takes two, one to each side. */
function readDescriptorLimit(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  return Number(soft);
}
