/** The tables of a run: one for each scenario, one for start and memory. */
import type { Spread } from '../support/statistics.js';
import type { FigureName } from './figures.js';
import { START } from './measure.js';
import type { Results } from './results.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { Summary } from './summary.js';
import { WORKERS, WORKERS_CONTENDERS, WORKERS_SCENARIO } from './workers.js';

/** A table, as text in cells. */
export interface Table {
  title: string;
  head: string[];
  rows: string[][];
  /** Columns of words, which come first; 1 when it is left out. */
  leftColumns?: number;
}

/** What all ratios are to, and all that is added. */
export const REFERENCE = 'bare';
const ORIGIN = 'direct';

/** A column: a figure as it is, divided by that of `bare`, or less that of `direct`. */
interface Column {
  head: string;
  figure: FigureName;
  digits: number;
  as?: 'ratio' | 'added';
  /** The scenario, when it is not that of the table. */
  scenario?: string;
}

const RATE: readonly Column[] = [
  { head: 'requests/s', figure: 'requestsPerSecond', digits: 0 },
  { head: '÷ bare', figure: 'requestsPerSecond', digits: 2, as: 'ratio' },
];
const REQUEST_CPU: readonly Column[] = [
  { head: 'CPU µs/request', figure: 'cpuUsPerRequest', digits: 1 },
  { head: '÷ bare', figure: 'cpuUsPerRequest', digits: 2, as: 'ratio' },
];
const LATENCIES: readonly Column[] = [
  { head: 'p50 ms', figure: 'p50Ms', digits: 2 },
  { head: 'p99 ms', figure: 'p99Ms', digits: 1 },
  { head: 'p99.9 ms', figure: 'p999Ms', digits: 1 },
];
const CHUNKS: readonly Column[] = [
  { head: 'chunks/s', figure: 'chunksPerSecond', digits: 0 },
  { head: 'CPU µs/chunk', figure: 'cpuUsPerChunk', digits: 2 },
  { head: '÷ bare', figure: 'cpuUsPerChunk', digits: 2, as: 'ratio' },
];
const LATE: readonly Column[] = [
  { head: 'late p50 ms', figure: 'lateP50Ms', digits: 2 },
  { head: 'late p99 ms', figure: 'lateP99Ms', digits: 1 },
  { head: 'latest ms', figure: 'lateMaxMs', digits: 1 },
];
const CPU_SHARE: Column = { head: '% of a core', figure: 'cpuPercent', digits: 0 };
const LOST: Column = { head: 'lost', figure: 'lost', digits: 0 };
const FIRST_CHUNK: Column = { head: 'first chunk p50 ms', figure: 'firstChunkP50Ms', digits: 2 };

const COLUMNS: Record<Scenario['kind'], readonly Column[]> = {
  closed: [...RATE, ...REQUEST_CPU, ...LATENCIES],
  open: [
    { head: 'p50 ms', figure: 'p50Ms', digits: 3 },
    { head: 'over direct', figure: 'p50Ms', digits: 3, as: 'added' },
    { head: 'p90 ms', figure: 'p90Ms', digits: 2 },
    ...LATENCIES.slice(1),
    ...REQUEST_CPU,
    { head: 'unanswered', figure: 'unanswered', digits: 0 },
  ],
  burst: [...CHUNKS, FIRST_CHUNK, LOST],
  paced: [...CHUNKS, CPU_SHARE, ...LATE, FIRST_CHUNK, LOST],
  'first-chunk': [
    { ...FIRST_CHUNK, digits: 3 },
    { head: 'over direct', figure: 'firstChunkP50Ms', digits: 3, as: 'added' },
    { head: 'p99 ms', figure: 'firstChunkP99Ms', digits: 1 },
    LOST,
  ],
  beside: [...LATE, CPU_SHARE, LOST],
  memory: [
    { head: 'first answer ms', figure: 'firstAnswerMs', digits: 0, scenario: START },
    { head: 'idle MB', figure: 'idleRssMb', digits: 0, scenario: START },
    { head: 'MB under load', figure: 'rssMb', digits: 0, scenario: 'closed-32' },
    { head: 'MB with 1000 streams', figure: 'rssMb', digits: 0 },
    { head: 'KB a stream', figure: 'rssPerStreamKb', digits: 1 },
  ],
};

/** All tables of what was measured. */
export function makeTables({ measurements, contenders }: Results): Table[] {
  const summary = new Summary(measurements);
  const names = contenders.map(({ name }) => name);
  const tables = SCENARIOS.map((scenario) => makeTable(summary, names, scenario));
  tables.push(
    makeTable(
      summary,
      WORKERS_CONTENDERS.map(({ name }) => name),
      WORKERS_SCENARIO,
    ),
  );
  return tables.filter(({ rows }) => rows.length > 0);
}

function makeTable(summary: Summary, contenders: readonly string[], { name, title, kind }: Scenario): Table {
  const columns = COLUMNS[kind].filter(({ as }) => name !== WORKERS || as === undefined);
  const rows = contenders.map((contender) => [
    contender,
    ...columns.map((column) => writeCell(summary, contender, name, column)),
  ]);
  return {
    title: kind === 'memory' ? `start and memory; ${title}` : `${name}: ${title}`,
    head: ['', ...columns.map(({ head }) => head)],
    rows: rows.filter(([, ...cells]) => cells.some((cell) => cell !== NOTHING)),
  };
}

const NOTHING = '–';

function writeCell(summary: Summary, contender: string, scenario: string, column: Column): string {
  const place = { contender, scenario: column.scenario ?? scenario, figure: column.figure };
  if (column.as === 'ratio') return formatSpread(summary.ratioTo(REFERENCE, place), column.digits);
  if (column.as === 'added') return formatSpread(summary.differenceTo(ORIGIN, place), column.digits);
  return formatSpread(summary.spreadOf(place), column.digits);
}

/** Median, and the smallest and largest in brackets. */
export function formatSpread(value: Spread | undefined, digits: number): string {
  if (value === undefined) return NOTHING;
  const [median, min, max] = [value.median, value.min, value.max].map((each) => formatNumber(each, digits));
  return min === max ? median! : `${median} (${min}–${max})`;
}

function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
