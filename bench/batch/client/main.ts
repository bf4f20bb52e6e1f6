/**
 * One contender in a process of its own: warms up, says `ready`, is told when to begin, does its jobs, and prints what
 * became of them.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { MODEL, WARM_UP_MODEL } from '../endpoint/endpoint.js';
import type { BatchJob } from '../job-text.js';
import { CONTENDERS } from './contenders/index.js';
import { CountingFetch } from './counting-fetch.js';
import type { ClientReport, ClientSettings } from './settings.js';

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

async function warmUp(): Promise<void> {
  const doJob = createContender(new CountingFetch(settings.hints, () => 0), WARM_UP_MODEL);
  // With the prompts of the trace: the server has seen such ones before, the contender has not.
  const warming = jobs.slice(0, WARM_UP_JOBS).map((job) => ({ ...job, at: 0, durationMs: WARM_UP_MS }));
  await Promise.all(warming.map((job) => doJob({ ...job, id: `warm-up-${job.id}` })));
}

/** @param beginAt In ms since the epoch, of this process's time. */
async function run(beginAt: number): Promise<ClientReport> {
  const sinceBegin = () => Date.now() - beginAt;
  const counting = new CountingFetch(settings.hints, sinceBegin);
  const doJob = createContender(counting, MODEL);
  const completions: { id: string; at: number }[] = [];
  const lost: { id: string; at: number; reason: string }[] = [];
  await sleep(beginAt - Date.now());
  const cpu = process.cpuUsage();
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const doAt = async (job: BatchJob) => {
    if (job.at > 0) await sleep(job.at - sinceBegin());
    try {
      await doJob(job);
      completions.push({ id: job.id, at: sinceBegin() });
    } catch (error) {
      lost.push({ id: job.id, at: sinceBegin(), reason: String(error).slice(0, 200) });
    }
  };
  await Promise.all(jobs.map(doAt));
  const { user, system } = process.cpuUsage(cpu);
  const { sent, refusedAt, statuses } = counting;
  const loopDelayMs = Math.round((delays.max / 1e6) * Number(process.env.PLUMB_TIME_SCALE ?? 1));
  return { completions, lost, sent, refusedAt, statuses, cpuSeconds: (user + system) / 1e6, loopDelayMs };
}

function createContender(counting: CountingFetch, model: string) {
  const contender = CONTENDERS.find(({ name }) => name === settings.contender);
  if (contender === undefined) throw new Error(`There is no contender ${settings.contender}.`);
  const { url: baseURL, key: apiKey, concurrency, told } = settings;
  const isWarmUp = model === WARM_UP_MODEL;
  const known = isWarmUp || contender.isTold === 'nothing' ? undefined : told;
  return contender.create({
    baseURL,
    apiKey,
    model,
    fetch: counting.fetch,
    folder: join(dirname(settings.tracePath), model),
    concurrency: Math.min(concurrency, known?.concurrency ?? concurrency),
    limits: contender.isTold === 'limits' && known !== undefined ? known : {},
  });
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
