/** A run as text for a terminal and a file. */

import { quantile } from '../support/statistics.js';
import { formatTable } from '../support/text-table.js';
import type { Measurement } from './figures.js';
import type { Results } from './results.js';
import { makeTables, type Table } from './tables.js';
import { makeTargetTable } from './targets.js';

/** Characters of a failure in the progress of a run. */
const SHOWN_LETTERS = 300;

/** The whole report. */
export function formatResults(results: Results): string {
  const { machine, notes, decodeUs } = results;
  const parts = [
    `Overhead, ${results.date}: ${machine.processors} × ${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit ?? 'unknown'}`,
    JSON.stringify(results.settings),
    describeContenders(results),
    ...[makeTargetTable(results), ...makeTables(results)].map(formatTitled),
    ...(decodeUs.length === 0
      ? []
      : [`one decode and parse of 100 KiB alone: ${quantile(decodeUs, 0.5).toFixed(0)} µs`]),
    notes.join('\n'),
    ...describeFailures(results.measurements),
  ];
  return `${parts.join('\n\n')}\n`;
}

function describeContenders({ contenders, skipped }: Results): string {
  const rows = contenders.map(({ name, version, duties }) => [name, duties, version]);
  const missing = skipped.map(({ name, reason }) => `skipped: ${name}: ${reason}`);
  return [formatTable(rows), ...missing].join('\n');
}

function formatTitled({ title, head, rows, leftColumns = 1 }: Table): string {
  return `${title}\n${formatTable([head, ...rows], leftColumns)}`;
}

/** Failures by contender and scenario, with what the contender said. */
export function describeFailures(measurements: readonly Measurement[]): string[] {
  return measurements.flatMap(({ round, contender, scenario, failure }) =>
    failure === undefined ? [] : [`FAILED: ${contender}, ${scenario}, round ${round}: ${failure}`],
  );
}

/** One line for each measurement, while the run goes on. */
export function describeMeasurement({
  round,
  contender,
  scenario,
  figures,
  foreignLoad,
  failure,
}: Measurement): string {
  const about = `round ${round}  ${scenario.padEnd(12)}  ${contender.padEnd(16)}`;
  if (failure !== undefined) return `${about}FAILED: ${failure.slice(0, SHOWN_LETTERS)}`;
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  return `${about}${shown.join(', ')}${foreignLoad === undefined ? '' : `, foreign load ${foreignLoad.toFixed(2)}`}`;
}
