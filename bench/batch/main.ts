/**
 * `npm run bench:batch`: the same traces of jobs through a real server with exact limits, for our kit and for what people
 * use otherwise. How much longer than the best possible, how many refusals, how many jobs lost or done twice?
 */
import { type MeasuredCase, type Measurement, measure } from './measure.js';
import { type Options, readOptions, USAGE } from './options.js';
import { describeMeasurement } from './report.js';

await main();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const measurements: Measurement[] = [];
  for (const measured of casesOf(options)) {
    const measurement = await measure(measured);
    measurements.push(measurement);
    process.stdout.write(`${describeMeasurement(measurement)}\n`);
  }
}

/** Contenders take turns, so that what the machine does besides falls on all of them. */
function casesOf({ scenarios, contenders, hints, seeds, timeScale }: Options): MeasuredCase[] {
  const cases: MeasuredCase[] = [];
  for (const seed of seeds) {
    for (const scenario of scenarios) {
      for (const each of hints) {
        if (each === 'deepseek-text' && !scenario.hasDeepSeekText) continue;
        for (const contender of contenders) {
          // What nobody knows nobody can be told.
          if (!scenario.isTold && contender.isTold === 'limits') continue;
          cases.push({ scenario, contender, hints: each, seed, timeScale });
        }
      }
    }
  }
  return cases;
}
