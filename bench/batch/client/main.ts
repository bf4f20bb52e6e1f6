/**
 * One contender in a process of its own: warms up, says `ready`, is told when to begin, does its jobs, and prints what
 * became of them.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { MODEL, WARM_UP_MODEL } from '../endpoint/settings.js';
import type { BatchJob } from '../job-text.js';
import { CountingFetch } from './counting-fetch.js';
import { createContender, runJobs, sleep } from './run.js';
import type { ClientSettings, ProcessReport } from './settings.js';

/** Jobs that are done before it counts, so that everything is compiled and every connection is open. */
const WARM_UP_JOBS = 150;
const WARM_UP_MS = 400;

const settings = JSON.parse(process.argv[2] ?? '{}') as ClientSettings;
const jobs = JSON.parse(await readFile(settings.tracePath, 'utf8')) as BatchJob[];
const input = createInterface(process.stdin)[Symbol.asyncIterator]();
await warmUp();
process.stdout.write('ready\n');
const { value } = (await input.next()) as { value: string };
process.stdout.write(`${JSON.stringify(await run(Number(value)))}\n`);
process.exit();

/** With the prompts of the trace: the server has seen such ones before, the contender has not. */
async function warmUp(): Promise<void> {
  const counting = new CountingFetch(settings.hints);
  const folder = join(dirname(settings.tracePath), WARM_UP_MODEL);
  const doJob = createContender({ ...settings, told: undefined, folder }, counting.fetch, WARM_UP_MODEL);
  const warming = jobs.slice(0, WARM_UP_JOBS).map((job) => ({ ...job, at: 0, durationMs: WARM_UP_MS }));
  await Promise.all(warming.map((job) => doJob({ ...job, id: `warm-up-${job.id}` })));
}

/** @param beginAt In ms since the epoch, of this process's time. */
async function run(beginAt: number): Promise<ProcessReport> {
  const counting = new CountingFetch(settings.hints);
  const folder = join(dirname(settings.tracePath), MODEL);
  const doJob = createContender({ ...settings, folder }, counting.fetch, MODEL);
  await sleep(beginAt - Date.now());
  const cpu = process.cpuUsage();
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const report = await runJobs(jobs, doJob, counting, beginAt);
  const { user, system } = process.cpuUsage(cpu);
  const loopDelayMs = Math.round((delays.max / 1e6) * Number(process.env.PLUMB_TIME_SCALE ?? 1));
  return { ...report, cpuSeconds: (user + system) / 1e6, loopDelayMs };
}
