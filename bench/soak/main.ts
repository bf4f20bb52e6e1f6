/**
 * `npm run bench:soak`: a server under a steady mixed load, to see whether anything grows. Exit code 1 when something
 * does, an answer was wrong, or the books do not add up afterwards. Leaves out how fast it is: bench:overhead has that.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { prepareDataFolder } from '../support/data-folder.js';
import { startServerProcess } from '../support/plumb-process.js';
import { benchPath, startProgram } from '../support/programs.js';
import { checkBooks } from './books.js';
import { judge } from './judge.js';
import { type Options, readOptions, USAGE } from './options.js';
import { drawSamples, findProblems, formatOutcome, type Outcome } from './report.js';
import { makeSettings } from './settings.js';
import { Traffic } from './traffic.js';
import { type Sample, takeSample, type Watched } from './watch.js';

/** The limiter's window, caches and compiled code fill within this time; of a short soak half is enough. */
const WARM_UP_MIN_S = 120;
const WARM_UP_SHARE = 0.25;

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  const samples: Sample[] = [];
  const outcome = await soak(options, samples);
  const problems = findProblems(outcome);
  process.stdout.write(formatOutcome(outcome));
  process.stdout.write(problems.length === 0 ? 'Nothing grew, nothing is left.\n' : `${problems.join('\n')}\n`);
  if (options.svg !== undefined) await writeFile(options.svg, drawSamples(samples, warmUpOf(options)));
  if (options.json !== undefined) {
    const tallies = Object.fromEntries(outcome.tallies);
    const whole = { options, ...outcome, tallies, problems, samples };
    const toJson = (_: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
    await writeFile(options.json, `${JSON.stringify(whole, toJson, 1)}\n`);
  }
  return problems.length === 0 ? 0 : 1;
}

async function soak(options: Options, samples: Sample[]): Promise<Outcome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'plumb-soak-'));
  const stub = await startProgram({ path: benchPath('support/stub-program.js') });
  try {
    const folder = await prepareDataFolder(dataDir, makeSettings(stub.line));
    const server = await startServerProcess({ folder });
    const traffic = new Traffic(server.url, folder.key);
    const watched = { ...server, adminKey: folder.adminKey };
    await run(options, traffic, watched, samples);
    const exitCode = await server.stop();
    const judged = samples.filter(({ at }) => at >= warmUpOf(options));
    const { tallies, skipped } = traffic;
    return { judgements: judge(judged), tallies, skipped, books: await checkBooks(dataDir), exitCode };
  } finally {
    await stub.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function run(options: Options, traffic: Traffic, watched: Watched, samples: Sample[]): Promise<void> {
  const stopping = new AbortController();
  const sending = traffic.run(options.rate, stopping.signal);
  const startedAt = performance.now();
  const lengthMs = options.minutes * 60_000;
  for (let due = options.sampleMs; due <= lengthMs; due += options.sampleMs) {
    await wait(Math.max(0, startedAt + due - performance.now()));
    const sample = await takeSample(watched, due / 1000);
    samples.push(sample);
    process.stdout.write(`${describe(sample)}\n`);
  }
  stopping.abort();
  await sending;
}

function warmUpOf({ minutes }: Options): number {
  const lengthS = minutes * 60;
  return Math.min(lengthS / 2, Math.max(WARM_UP_MIN_S, lengthS * WARM_UP_SHARE));
}

function describe({ at, resident, heap, descriptors, backlog, lag }: Sample): string {
  const memory = `${resident.toFixed(1)} MB resident, heap ${heap.toFixed(1)} MB`;
  return `${at.toFixed(0).padStart(5)} s  ${memory}, ${descriptors} open, backlog ${backlog}, lag p99 ${lag.toFixed(1)} ms`;
}

process.exitCode = await main();
