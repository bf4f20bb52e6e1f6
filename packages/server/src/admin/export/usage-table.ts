/** Usage as a stream of text: one line a sum or a record, as comma-separated values or as lines of JSON. */
import type { UsageGroup, UsageRecord, UsageSum } from '../../ledger/usage.js';
import { describeRecord, describeUsage, type RecordAnswer, type UsageAnswer } from '../shapes/usage.js';
import { defuse, writeCsvRow } from './csv.js';

/** How lines are written. */
export type LineFormat = 'csv' | 'jsonl';

/** Lines that are sent together. */
const LINES_PER_PIECE = 100;

const COUNTS = [
  'prompt_tokens',
  'cache_hit_tokens',
  'completion_tokens',
  'reasoning_tokens',
  'cost',
  'currency',
] as const;

const RECORD_COLUMNS: readonly (keyof RecordAnswer)[] = [
  'request_id',
  'at',
  'account_id',
  'key_id',
  'model',
  'outcome',
  'stream',
  'duration_ms',
  ...COUNTS,
];

const GROUP_COLUMNS: Readonly<Record<UsageGroup, readonly (keyof UsageAnswer)[]>> = {
  account: ['account_id', 'account'],
  key: ['key_id', 'key'],
  model: ['model'],
  day: ['day'],
};

/** The columns that hold what people wrote. */
const FREE_TEXT: ReadonlySet<string> = new Set(['account', 'key']);

/** Records in pieces of text, read as the pieces are taken. */
export function writeRecords(
  records: AsyncIterable<UsageRecord>,
  format: LineFormat,
  currency: string,
): AsyncGenerator<string> {
  return writeLines(
    mapEach(records, (record) => describeRecord(record, currency)),
    RECORD_COLUMNS,
    format,
  );
}

/** Sums in pieces of text, with the columns of their groups. */
export function writeSums(
  sums: readonly UsageSum[],
  groups: readonly UsageGroup[],
  format: LineFormat,
  currency: string,
): AsyncGenerator<string> {
  const columns = [...groups.flatMap((group) => GROUP_COLUMNS[group]), 'requests', ...COUNTS] as const;
  return writeLines(
    sums.map((sum) => describeUsage(sum, currency)),
    columns as readonly (keyof UsageAnswer)[],
    format,
  );
}

async function* writeLines<Row extends object>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  columns: readonly (keyof Row & string)[],
  format: LineFormat,
): AsyncGenerator<string> {
  let piece = format === 'csv' ? writeCsvRow(columns) : '';
  let lines = 0;
  for await (const row of rows) {
    piece +=
      format === 'csv'
        ? writeCsvRow(columns.map((column) => writeCell(column, row[column])))
        : `${JSON.stringify(row)}\n`;
    lines += 1;
    if (lines % LINES_PER_PIECE !== 0) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function writeCell(column: string, value: unknown): string {
  const text = String(value);
  return FREE_TEXT.has(column) ? defuse(text) : text;
}

async function* mapEach<From, To>(items: AsyncIterable<From>, convert: (item: From) => To): AsyncGenerator<To> {
  for await (const item of items) yield convert(item);
}
