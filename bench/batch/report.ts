/** Measurements as lines and tables of text. */
import { formatTable } from '../support/text-table.js';
import { CONTENDERS } from './client/contenders/index.js';
import { HINTS } from './client/settings.js';
import type { Measurement } from './measurement.js';
import { SCENARIOS } from './scenarios.js';

/** One line for one measurement, while it goes on. */
export function describeMeasurement(measurement: Measurement): string {
  const { scenario, hints, contender, seed, overOracle, finishedAt, refusals, lost, duplicates, cost } = measurement;
  return [
    scenario.padEnd(20),
    hints.padEnd(14),
    contender.padEnd(12),
    `seed ${seed}`,
    `${overOracle.toFixed(3)} of the oracle`.padStart(20),
    `${(finishedAt / 1000).toFixed(1)} s`.padStart(9),
    `429: ${refusals}`.padStart(10),
    `lost: ${lost}`.padStart(10),
    `twice: ${duplicates}`.padStart(9),
    ...(cost === undefined
      ? []
      : [`CPU ${cost.cpuSeconds.toFixed(1)} s`, `load ${cost.load.toFixed(1)}`, `held up ${cost.loopDelayMs} ms`]),
  ].join(' ');
}

const HEAD = ['hints', 'contender', 'of the oracle', 's', '429', 'lost', 'twice'];
/** Of real processes alone. */
const COST_HEAD = ['CPU s', 'held up ms', 'load'];

/** A table for each scenario, a line for each contender; with several seeds the medians, and the worst of what is lost. */
export function formatTables(measurements: readonly Measurement[]): string {
  const tables = SCENARIOS.map(({ name, title }) => {
    const rows = rowsOf(measurements.filter(({ scenario }) => scenario === name));
    const head = [...HEAD, ...COST_HEAD].slice(0, rows[0]?.length);
    return rows.length === 0 ? '' : `${name}: ${title}\n${formatTable([head, ...rows], 2)}\n\n`;
  });
  return tables.join('');
}

function rowsOf(measurements: readonly Measurement[]): string[][] {
  const rows = HINTS.flatMap((hints) =>
    CONTENDERS.map(({ name }) => {
      const those = measurements.filter((each) => each.hints === hints && each.contender === name);
      return those.length === 0 ? [] : rowOf(those);
    }),
  );
  return rows.filter((row) => row.length > 0);
}

function rowOf(those: readonly Measurement[]): string[] {
  const { hints, contender } = those[0]!;
  const median = (of: (measurement: Measurement) => number) => {
    const sorted = those.map(of).sort((one, other) => one - other);
    return sorted[(sorted.length - 1) >> 1]!;
  };
  const worst = (of: (measurement: Measurement) => number) => Math.max(...those.map(of));
  return [
    hints,
    contender,
    median(({ overOracle }) => overOracle).toFixed(3),
    (median(({ finishedAt }) => finishedAt) / 1000).toFixed(1),
    String(median(({ refusals }) => refusals)),
    String(worst(({ lost }) => lost)),
    String(worst(({ duplicates }) => duplicates)),
    ...(those[0]!.cost === undefined
      ? []
      : [
          median(({ cost }) => cost?.cpuSeconds ?? 0).toFixed(1),
          String(worst(({ cost }) => cost?.loopDelayMs ?? 0)),
          worst(({ cost }) => cost?.load ?? 0).toFixed(1),
        ]),
  ];
}
