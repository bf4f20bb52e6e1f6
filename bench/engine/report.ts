/** Writes a summary as tables for a terminal. */
import type { Spread } from '../support/statistics.js';
import { formatTable } from '../support/text-table.js';
import { type CellSummary, findMissed, type RatioSummary, REFERENCE, type Summary } from './summary.js';

const CELL_HEAD = [
  ...['case', 'streams', 'contender', 'decode tok/s', 'total tok/s', 'first token ms mean/p50/max', 'gap ms p50/p95'],
  ...['CPU ms/1000 tok server+engine+client', 'foreign', 'clean+noisy rounds'],
];
const RATIO_HEAD = [
  'case',
  'streams',
  'contender',
  'decode',
  'total',
  'first token',
  'gap p50',
  'gap p95',
  'clean+noisy rounds',
  'missed',
];

/** The tables: figures (median, range in brackets), then ratios to the reference (median of rounds, range in brackets). */
export function formatSummary({ cells, ratios }: Summary): string {
  const tables = [formatTable([CELL_HEAD, ...cells.toSorted(byCell).map(formatCell)])];
  if (ratios.length > 0) {
    tables.push(`Divided by ${REFERENCE}, within each round:`);
    tables.push(formatTable([RATIO_HEAD, ...ratios.toSorted(byCell).map(formatRatios)]));
  }
  return tables.join('\n\n');
}

/** Cases stay in the order in which they were run. */
function byCell(left: { case: string; width: number }, right: { case: string; width: number }): number {
  return left.case === right.case ? left.width - right.width : 0;
}

function formatCell({ figures, cpuMsPerThousandTokens: cpu, ...cell }: CellSummary): string[] {
  return [
    cell.case,
    String(cell.width),
    cell.contender,
    formatSpread(figures.decodeRate, 1),
    formatSpread(figures.totalRate, 1),
    [figures.firstTokenMean, figures.firstTokenMedian, figures.firstTokenMax]
      .map((value) => formatMedian(value, 0))
      .join(' / '),
    [figures.gapMedian, figures.gap95].map((value) => formatMedian(value, 1)).join(' / '),
    [cpu.server, cpu.engine, cpu.client].map((value) => formatMedian(value, 0)).join(' + '),
    formatMedian(cell.foreignLoad, 2),
    `${cell.cleanRounds}+${cell.noisyRounds}`,
  ];
}

function formatRatios(summary: RatioSummary): string[] {
  const { ratios, ...cell } = summary;
  return [
    cell.case,
    String(cell.width),
    cell.contender,
    ...[ratios.decodeRate, ratios.totalRate, ratios.firstTokenMean, ratios.gapMedian, ratios.gap95].map((value) =>
      formatSpread(value, 2),
    ),
    `${cell.cleanRounds}+${cell.noisyRounds}`,
    findMissed(summary)
      .map(({ label }) => label)
      .join(', '),
  ];
}

function formatMedian(value: Spread | undefined, digits: number): string {
  return value === undefined ? '–' : value.median.toFixed(digits);
}

function formatSpread(value: Spread | undefined, digits: number): string {
  if (value === undefined) return '–';
  return `${value.median.toFixed(digits)} (${value.min.toFixed(digits)}–${value.max.toFixed(digits)})`;
}
