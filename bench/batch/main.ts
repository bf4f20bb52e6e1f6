/**
 * `npm run bench:batch`: the same traces of jobs through a real server with exact limits, for our kit and for what people
 * use otherwise. How much longer than the best possible, how many refusals, how many jobs lost or done twice?
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { repositoryPath } from '../support/repository.js';
import type { Hints } from './client/settings.js';
import { drawPlots } from './draw.js';
import { measure } from './measure.js';
import type { MeasuredCase, Measurement } from './measurement.js';
import { type Options, readOptions, USAGE } from './options.js';
import { describeMeasurement, formatTables } from './report.js';
import type { Scenario } from './scenarios.js';
import { measureVirtually } from './virtual/measure.js';

/** What a file of results holds. */
interface Results {
  readonly how: string;
  readonly measurements: readonly Measurement[];
}

await main();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { draw } = options;
  if (draw === undefined) await measureAll(options);
  else await drawAgain(resolve(process.env.INIT_CWD ?? '', draw));
}

async function measureAll(options: Options): Promise<void> {
  const measurements: Measurement[] = [];
  for (const measured of casesOf(options)) {
    const { timeScale } = options;
    const measurement = await (timeScale === undefined ? measureVirtually(measured) : measure(measured, timeScale));
    measurements.push(measurement);
    process.stderr.write(`${describeMeasurement(measurement)}\n`);
    if (options.name !== undefined) await save(options.name, { how: describeRun(options), measurements });
  }
  process.stdout.write(formatTables(measurements));
}

async function save(name: string, results: Results): Promise<void> {
  const path = repositoryPath(`bench/results/batch-${name}`);
  await writeFile(`${path}.json`, `${JSON.stringify(results)}\n`);
  await writeFile(`${path}.txt`, `${results.how}\n\n${formatTables(results.measurements)}`);
}

async function drawAgain(path: string): Promise<void> {
  const { measurements } = JSON.parse(await readFile(path, 'utf8')) as Results;
  process.stdout.write(formatTables(measurements));
  for (const [name, svg] of drawPlots(measurements)) {
    await writeFile(repositoryPath(`docs/benchmarks/batch-${name}.svg`), svg);
  }
}

function describeRun({ timeScale }: Options): string {
  if (timeScale === undefined) return `Node ${process.version}, in virtual time`;
  const [processor] = cpus();
  const machine = `${cpus().length} × ${processor?.model ?? 'unknown'}, Node ${process.version}`;
  return `${machine}, in real processes; time passes ${timeScale} times as fast as it does`;
}

/** Contenders take turns, so that what the machine does besides falls on all of them. */
function casesOf(options: Options): MeasuredCase[] {
  const { scenarios, contenders, seeds, timeScale } = options;
  const cases: MeasuredCase[] = [];
  for (const seed of seeds) {
    for (const scenario of scenarios) {
      for (const hints of options.hints.filter((each) => isTried(scenario, each))) {
        for (const contender of contenders) {
          // What nobody knows nobody can be told; who reads no refusals does the same whatever they say.
          if (!scenario.isTold && contender.isTold === 'limits') continue;
          if (contender.isForSeveral && (scenario.processes === undefined || timeScale === undefined)) continue;
          if (isFurther(scenario, hints) && !contender.readsRefusals) continue;
          cases.push({ scenario, contender, hints, seed });
        }
      }
    }
  }
  return cases;
}

function isTried(scenario: Scenario, hints: Hints): boolean {
  return hints === 'hints' || hints === 'no-hints' || isFurther(scenario, hints);
}

function isFurther({ furtherHints = [] }: Scenario, hints: Hints): boolean {
  return furtherHints.includes(hints);
}
