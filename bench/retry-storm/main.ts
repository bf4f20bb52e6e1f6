/**
 * `npm run bench:retry-storm`: a thousand clients and an outage of 30 s, in virtual time. How much more is sent to the
 * endpoint than there is to do, and how long until it is as before? Leaves out the network and the machine: time passes
 * only in waits.
 */
import { writeFileSync } from 'node:fs';
import { drawLineChart } from '../support/line-chart.js';
import { VirtualTime } from '../support/virtual-time.js';
import { CONTENDERS, type Contender } from './contenders.js';
import { OutageEndpoint } from './outage.js';

const CLIENTS = 1000;
/** Each client has a job about this often, in ms. */
const JOB_EVERY_MS = 10_000;
const OUTAGE = { fromS: 60, toS: 90 };
const END_S = 300;
/** The endpoint can do 1.3 times what is asked in quiet times: 130 at once, a second each. */
const ENDPOINT = { outage: OUTAGE, concurrency: 130, answerMs: 1000, refusalMs: 50 };
const SEEDS = [1, 2, 3];

interface Storm {
  readonly endpoint: OutageEndpoint;
  readonly jobs: number;
  readonly jobsInOutage: number;
  readonly lost: number;
  /** When jobs were done that came before the end of the outage, in s: the last of them. */
  readonly backlogDoneS: number;
  /** How long jobs of the quiet time after it took, in ms, in order. */
  readonly laterMs: number[];
}

async function runStorm(contender: Contender, seed: number): Promise<Storm> {
  const time = new VirtualTime();
  const putBack = time.install();
  const random = createRandom(seed);
  const endpoint = new OutageEndpoint(time, ENDPOINT);
  const storm = { endpoint, jobs: 0, jobsInOutage: 0, lost: 0, backlogDoneS: 0, laterMs: [] as number[] };
  const doJob = async (client: () => Promise<boolean>) => {
    const from = time.now();
    storm.jobs++;
    if (from >= OUTAGE.fromS * 1000 && from < OUTAGE.toS * 1000) storm.jobsInOutage++;
    const isDone = await client();
    if (!isDone) storm.lost++;
    else if (from < OUTAGE.toS * 1000) storm.backlogDoneS = Math.max(storm.backlogDoneS, time.now() / 1000);
    else storm.laterMs.push(time.now() - from);
  };
  for (let number = 0; number < CLIENTS; number++) {
    const client = contender.create(endpoint, time, createRandom(seed * CLIENTS + number));
    const arrive = () => {
      if (time.now() < (END_S - 60) * 1000) void doJob(client);
      time.after(-Math.log(1 - random()) * JOB_EVERY_MS, arrive);
    };
    time.after(-Math.log(1 - random()) * JOB_EVERY_MS, arrive);
  }
  await time.run(END_S * 1000);
  putBack();
  storm.laterMs.sort((first, second) => first - second);
  return storm;
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sum = (counts: readonly number[], from: number, to: number) =>
  counts.slice(from, to).reduce((total, count) => total + (count ?? 0), 0);

function describe(name: string, storm: Storm): string {
  const { arrived } = storm.endpoint;
  const sent = sum(arrived, OUTAGE.fromS, OUTAGE.toS);
  const peak = Math.max(...Array.from(arrived.slice(OUTAGE.fromS), (count) => count ?? 0));
  const until = Math.max(0, storm.backlogDoneS - OUTAGE.toS);
  const p99 = storm.laterMs[Math.floor(storm.laterMs.length * 0.99)] ?? 0;
  return [
    name.padEnd(26),
    `${(sent / storm.jobsInOutage).toFixed(2)}×`.padStart(9),
    `${peak}/s`.padStart(8),
    `${storm.lost} of ${storm.jobs}`.padStart(16),
    `${until.toFixed(0)} s`.padStart(9),
    `${(p99 / 1000).toFixed(1)} s`.padStart(9),
  ].join(' ');
}

const lines = [];
console.log(`${'client'.padEnd(26)} sent/jobs     peak             lost   backlog  p99 after`);
for (const contender of CONTENDERS) {
  for (const seed of SEEDS) {
    const storm = await runStorm(contender, seed);
    console.log(describe(contender.name, storm));
    if (seed !== SEEDS[0]) continue;
    const points = Array.from({ length: 200 }, (_, second) => [second, storm.endpoint.arrived[second] ?? 0] as const);
    lines.push({ name: contender.name, points });
  }
}
const chart = {
  title: 'Requests a second at the endpoint: 1,000 clients, 100 jobs a second',
  xLabel: 'seconds',
  yLabel: 'requests a second',
  shaded: { from: OUTAGE.fromS, to: OUTAGE.toS, name: 'outage' },
  lines,
};
const [target] = process.argv.slice(2);
if (target !== undefined) writeFileSync(target, drawLineChart(chart));
process.exit();
