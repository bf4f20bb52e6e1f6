/** How a batch ended: for people, as a report for programs, and as an exit code. */
import { type BatchSummary, formatMoney, type StopReason } from '@plumb/client';
import type { BatchPaths } from '@plumb/client/node';
import { ExitCode } from '../exit-code.js';
import { formatCount, formatDuration } from './number-format.js';

/** The summary as JSON; `cost` in the currency, as a decimal text. */
export interface BatchReport {
  readonly [field: string]: unknown;
  readonly input: string;
  readonly output: string;
  readonly lines: number | null;
  readonly resumed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly pending: number | null;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly completion_tokens: number;
  readonly cost: string | null;
  readonly currency: string | null;
  readonly duration_ms: number;
  readonly stopped: StopReason | null;
}

export function toReport(
  summary: BatchSummary,
  { input, output, currency }: { input: string; output: string; currency: string | undefined },
): BatchReport {
  const { total, resumed, succeeded, failed, pending, cost, durationMs, stopped } = summary;
  return {
    input,
    output,
    lines: total ?? null,
    resumed: resumed.succeeded + resumed.failed,
    succeeded,
    failed,
    pending: pending ?? null,
    prompt_tokens: summary.promptTokens,
    cached_tokens: summary.cachedTokens,
    completion_tokens: summary.answerTokens,
    cost: cost === undefined ? null : formatMoney(cost),
    currency: cost === undefined ? null : (currency ?? null),
    duration_ms: Math.round(durationMs),
    stopped: stopped?.reason ?? null,
  };
}

export function renderSummary(
  summary: BatchSummary,
  { paths, currency }: { paths: BatchPaths; currency: string | undefined },
): string {
  const { total = 0, resumed, succeeded, failed, pending = 0, cost, durationMs } = summary;
  const before = resumed.succeeded + resumed.failed;
  const rows: [string, string][] = [
    ['lines', `${formatCount(total)}${before === 0 ? '' : ` (${formatCount(before)} were done before)`}`],
    ['answered', `${formatCount(succeeded)} -> ${paths.results}`],
    ['failed', failed === 0 ? '0' : `${formatCount(failed)} -> ${paths.errors}`],
    ...(pending === 0 ? [] : [['left', formatCount(pending)] as [string, string]]),
    [
      'tokens',
      `${formatCount(summary.promptTokens)} in (${formatCount(summary.cachedTokens)} cached), ${formatCount(summary.answerTokens)} out`,
    ],
    ...(cost === undefined ? [] : [['cost', `${formatMoney(cost)} ${currency}`] as [string, string]]),
    ['time', formatDuration(durationMs)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n');
}

const STOP_CODES: Readonly<Record<StopReason, number>> = {
  authentication: ExitCode.authentication,
  insufficient_balance: ExitCode.balance,
  breaker_open: ExitCode.server,
  stopped: ExitCode.resumable,
  max_cost: ExitCode.resumable,
  max_errors: ExitCode.failed,
  limit: ExitCode.ok,
};

/** 0 when every line that was to be asked has its answer; 1 when some have failed. */
export function endCode({ stopped, failed, resumed }: BatchSummary): number {
  const code = stopped === undefined ? ExitCode.ok : STOP_CODES[stopped.reason];
  return code === ExitCode.ok && failed + resumed.failed > 0 ? ExitCode.failed : code;
}
