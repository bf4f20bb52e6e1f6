/** The report of a load for a terminal. */
import { formatCount, formatMs, formatRate, formatShare } from './format.js';
import type { FailureRecord, LatencyName, LatencyRecord, LoadReport } from './load-report.js';

/** What the times are called, for people. */
export const LATENCY_TITLES: Readonly<Record<LatencyName, string>> = {
  ttfb: 'first byte',
  ttft: 'first token',
  tpot: 'per token',
  gap: 'token gap',
  e2e: 'end to end',
  lateness: 'sent late by',
};

const SHOWN: readonly LatencyName[] = ['ttfb', 'ttft', 'tpot', 'gap', 'e2e'];
const COLUMNS = ['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'max'] as const satisfies readonly (keyof LatencyRecord)[];
const COLUMN_TITLES: Readonly<Record<string, string>> = { p999: 'p99.9' };
const NAME_COLUMNS = 12;
const VALUE_COLUMNS = 9;

/** A few lines of facts, a table of times, and how requests failed. */
export function renderText(report: LoadReport): string {
  return [...renderFacts(report), '', ...renderLatencies(report), ...renderFailures(report)].join('\n');
}

function renderFacts(report: LoadReport): string[] {
  const { requests, rates, tokens, generator } = report;
  const counts = [
    `${formatCount(requests.due)} due`,
    `${formatCount(requests.answered)} answered`,
    `${formatCount(requests.failed)} failed`,
    `${formatCount(requests.dropped)} dropped`,
    `${formatCount(requests.late)} late`,
    ...(requests.unfinished > 0 ? [`${formatCount(requests.unfinished)} unfinished`] : []),
  ];
  const { objective } = report.parameters;
  return [
    row('requests', counts.join(', ')),
    row(
      'throughput',
      `${formatRate(rates.answered)} requests/s, ${formatRate(rates.prompt_tokens)} tokens/s in, ${formatRate(rates.answer_tokens)} tokens/s out`,
    ),
    row(
      'goodput',
      `${formatShare(requests.goodput_share)}, ${formatRate(rates.met)} requests/s${objective === undefined ? '' : ` (${objective})`}`,
    ),
    row(
      'tokens',
      `${formatCount(tokens.prompt)} in (${formatCount(tokens.cached)} cached), ${formatCount(tokens.answer)} out`,
    ),
    row(
      'generator',
      `event loop p99 ${formatMs(generator.loop_delay_p99_ms)}, CPU ${formatShare(generator.cpu)} of a core, ` +
        `${formatCount(generator.connections)} connections`,
    ),
  ];
}

function renderLatencies({ latencies }: LoadReport): string[] {
  const head = row('', COLUMNS.map((column) => (COLUMN_TITLES[column] ?? column).padStart(VALUE_COLUMNS)).join(''));
  const rows = SHOWN.filter((name) => latencies[name].histogram.count > 0).map((name) =>
    row(
      LATENCY_TITLES[name],
      COLUMNS.map((column) => formatMs(latencies[name][column]).padStart(VALUE_COLUMNS)).join(''),
    ),
  );
  return rows.length === 0 ? ['There is no answer whose time could be told.'] : [head, ...rows];
}

function renderFailures({ failures }: LoadReport): string[] {
  if (failures.length === 0) return [];
  return ['', ...failures.map((failure) => row(nameFailure(failure), describeFailure(failure)))];
}

/** `status 429`, or the kind in words. */
export function nameFailure({ kind, status }: FailureRecord): string {
  return status === null ? kind.replaceAll('_', ' ') : `status ${status}`;
}

function describeFailure({ count, reason, retry_after_ms }: FailureRecord): string {
  return `${formatCount(count)} times${describeWait(retry_after_ms)}: ${reason}`;
}

/** What refusals said about coming again. */
export function describeWait(wait: FailureRecord['retry_after_ms']): string {
  if (wait === null) return '';
  const [shortest, longest] = wait;
  return `, come again after ${shortest === longest ? formatMs(shortest) : `${formatMs(shortest)} to ${formatMs(longest)}`}`;
}

function row(name: string, text: string): string {
  return `${name.padEnd(NAME_COLUMNS)} ${text}`;
}
