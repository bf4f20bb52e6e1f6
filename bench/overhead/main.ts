/**
 * The overhead benchmark: what gateways add to a request, Plumb with all duties on among them. See
 * docs/benchmarks/overhead.md for the method.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeHost } from '../support/machine.js';
import { repositoryPath } from '../support/repository.js';
import type { FindOptions } from './contenders/contender.js';
import type { Measurement } from './figures.js';
import { Generator, startUpstream } from './helper-process.js';
import { measureRound } from './measure.js';
import { type Options, readOptions, USAGE } from './options.js';
import { writePage } from './page.js';
import { choosePinning, describePinning, type Processors, release } from './processors.js';
import { describeFailures, describeMeasurement, formatResults } from './report.js';
import type { Results, Skipped } from './results.js';
import { LARGE_PROMPT_BYTES } from './scenarios.js';
import type { Found } from './start-contender.js';
import { measureWorkers, WORKERS } from './workers.js';

/** What the reader of the figures must know. */
const NOTES = [
  'Medians over the rounds; in brackets the smallest and the largest. Ratios and differences are made within rounds.',
  'CPU time is that of all threads and child processes of the contender. Chunks are the events that arrive, [DONE] left out.',
  'Latency at a fixed rate counts from the planned time of sending. p99 and beyond are the scheduler of a shared machine.',
];
const DECODE_MS = 400;

await main();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  if (options.page !== undefined) {
    await writePage(JSON.parse(await readFile(options.page, 'utf8')) as Results);
    return;
  }
  // Leaves by `exit`, on which whatever was started is killed.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const results = await runInFolder((folder) => measureAll(options, folder));
  const path = await writeResults(results);
  process.stdout.write(formatResults(results));
  process.stderr.write(`Written to ${path}.json and .txt\n`);
  if (describeFailures(results.measurements).length > 0) process.exitCode = 1;
}

/** Contenders write databases and logs: to the disk that the repository is on, not to one in memory. */
async function runInFolder<Value>(run: (folder: string) => Promise<Value>): Promise<Value> {
  const parent = repositoryPath('.cache/overhead');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'run-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await run(folder);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function measureAll(options: Options, folder: string): Promise<Results> {
  const findOptions: FindOptions = { binaries: options.binaries, folder };
  const { found, skipped } = await findAll(options, findOptions);
  const processors = await choosePinning();
  const measurements: Measurement[] = [];
  const onMeasured = (measurement: Measurement) => {
    measurements.push(measurement);
    process.stderr.write(`${describeMeasurement(measurement)}\n`);
  };
  const decodeUs = await measureRounds(options, found, folder, processors, onMeasured);
  if (options.hasWorkers) {
    await release(processors);
    await measureWorkers(findOptions, options.peerRounds, options.seconds * 1000, onMeasured).catch((error: Error) => {
      skipped.push({ name: WORKERS, reason: error.message });
    });
  }
  const { rounds, peerRounds, seconds } = options;
  return {
    date: options.date,
    machine: await describeHost(),
    settings: { rounds, peerRounds, seconds },
    notes: [describePinning(processors), ...NOTES],
    contenders: found.map(({ contender: { name, duties }, ready: { version } }) => ({ name, version, duties })),
    ...{ skipped, decodeUs, measurements },
  };
}

async function findAll({ contenders }: Options, findOptions: FindOptions) {
  const found: Found[] = [];
  const skipped: Skipped[] = [];
  for (const contender of contenders) {
    try {
      found.push({ contender, ready: await contender.find(findOptions) });
    } catch (error) {
      skipped.push({ name: contender.name, reason: (error as Error).message });
      process.stderr.write(`Skipped: ${contender.name}: ${(error as Error).message}\n`);
    }
  }
  return { found, skipped };
}

async function measureRounds(
  { rounds, peerRounds, scenarios, seconds }: Options,
  found: readonly Found[],
  folder: string,
  processors: Processors,
  onMeasured: (measurement: Measurement) => void,
): Promise<number[]> {
  if (scenarios.length === 0) return [];
  const upstream = await startUpstream(processors.helpers);
  const generator = Generator.start(processors.helpers);
  const decodeUs: number[] = [];
  try {
    for (let number = 1; number <= rounds; number++) {
      // Rounds with all contenders are spread over the run, so that they meet the same machine as the others.
      const isFull = (number - 1) % Math.ceil(rounds / peerRounds) === 0;
      const taking = found.filter(({ contender }) => isFull || !contender.isRare);
      decodeUs.push(await generator.decode(LARGE_PROMPT_BYTES, DECODE_MS));
      await measureRound({
        number,
        found: turn(taking, number),
        scenarios: scenarios.filter(({ isRare }) => isFull || !isRare),
        durationMs: seconds * 1000,
        stage: { upstream, generator, folder, processor: processors.contender },
        onMeasured,
      });
    }
  } finally {
    await Promise.all([generator.stop(), upstream.stop()]);
  }
  return decodeUs;
}

/** Another one begins every round, and every other round goes backwards. */
function turn<Item>(items: readonly Item[], round: number): Item[] {
  const first = Math.floor((round - 1) / 2) % Math.max(1, items.length);
  const turned = [...items.slice(first), ...items.slice(0, first)];
  return round % 2 === 1 ? turned : turned.reverse();
}

async function writeResults(results: Results): Promise<string> {
  const folder = repositoryPath('bench/results');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `overhead-${results.date}`);
  await writeFile(`${path}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
  await writeFile(`${path}.txt`, formatResults(results));
  return path;
}
