/** The live view of a batch on stderr: two lines that are rewritten on a terminal, plain lines elsewhere, or NDJSON. */
import { type AxisState, type BatchProgress, type Clock, formatMoney } from '@plumb/client';
import type { ProgressStream } from '../progress.js';
import type { ProgressKind } from './batch-flags.js';
import { createLiveView, fit, type LiveView, renderBar } from './live-view.js';
import { formatCount, formatDuration, formatShort } from './number-format.js';

export interface BatchViewOptions {
  readonly stream: ProgressStream;
  readonly clock: Clock;
  readonly kind: ProgressKind;
  readonly currency: string | undefined;
}

export function createBatchView({ currency, ...options }: BatchViewOptions): LiveView<BatchProgress> {
  return createLiveView(options, {
    lines: (progress, columns) => renderView(progress, columns, currency),
    plain: (progress) => renderPlain(progress, currency),
    event: toEvent,
  });
}

/** Two lines of at most so many columns. What matters less stands further right and is cut first. */
export function renderView(progress: BatchProgress, columns: number, currency: string | undefined): [string, string] {
  const { total, failed, retries = 0, limiter } = progress;
  const done = doneOf(progress);
  const before = done - progress.succeeded - failed;
  const count = total === undefined ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`;
  const first = [
    ...(total === undefined || total === 0 ? [] : [renderBar(done / total, columns)]),
    `${count}${before > 0 ? ` (${formatCount(before)} before)` : ''}`,
    ...remaining(progress),
    `${formatCount(failed)} failed`,
    ...open(progress),
    ...(retries > 0 ? [`${formatCount(retries)} retries`] : []),
    ...(limiter !== undefined && limiter.refusals > 0 ? [`${formatCount(limiter.refusals)} x 429`] : []),
  ];
  const second = [...limits(progress), ...costs(progress, currency), tokens(progress)];
  return [fit(first, columns), fit(second, columns)];
}

/** One line for logs. */
export function renderPlain(progress: BatchProgress, currency: string | undefined): string {
  const { total, succeeded, failed, retries = 0, limiter } = progress;
  const done = doneOf(progress);
  const before = done - succeeded - failed;
  const parts = [
    `${formatCount(done)}${total === undefined ? '' : ` of ${formatCount(total)}`} done${before > 0 ? ` (${formatCount(before)} before)` : ''}`,
    `${formatCount(failed)} failed`,
    ...open(progress),
    `${formatCount(retries)} retries`,
    ...(limiter === undefined ? [] : [`${formatCount(limiter.refusals)} x 429`]),
    ...limits(progress),
    tokens(progress),
    ...costs(progress, currency),
    ...remaining(progress),
  ];
  return parts.join(', ');
}

function doneOf({ resumed, succeeded, failed }: BatchProgress): number {
  return resumed.succeeded + resumed.failed + succeeded + failed;
}

/** Calls that are open, those apart that wait for the limits. */
function open({ inFlight, limiter }: BatchProgress): string[] {
  const waiting = Math.min(limiter?.waiting ?? 0, inFlight);
  const running = `${formatCount(inFlight - waiting)} in flight`;
  return waiting === 0 ? [running] : [running, `${formatCount(waiting)} waiting`];
}

function remaining({ remainingMs }: BatchProgress): string[] {
  return remainingMs === undefined || remainingMs === 0 ? [] : [`${formatDuration(remainingMs)} left`];
}

const AXIS_WORDS = { requests: 'req/min', tokens: 'tok/min', concurrency: 'at once' } as const;

function limits({ limiter }: BatchProgress): string[] {
  return (limiter?.axes ?? []).flatMap((axis) =>
    axis.limit === undefined || !Number.isFinite(axis.limit) ? [] : [renderAxis(axis, axis.limit, limiter?.binding)],
  );
}

function renderAxis({ axis, used }: AxisState, limit: number, binding: AxisState['axis'] | undefined): string {
  return `${formatShort(used)}/${formatShort(limit)} ${AXIS_WORDS[axis]}${axis === binding ? ' (binds)' : ''}`;
}

function tokens({ promptTokens, cachedTokens, answerTokens }: BatchProgress): string {
  return `${formatShort(promptTokens)} in (${formatShort(cachedTokens)} cached) ${formatShort(answerTokens)} out`;
}

function costs({ cost, projectedCost }: BatchProgress, currency: string | undefined): string[] {
  if (cost === undefined || currency === undefined) return [];
  const whole = projectedCost === undefined ? '' : ` of about ${cents(projectedCost)}`;
  return [`${cents(cost)}${whole} ${currency}`];
}

/** Enough for a view that changes ten times a second. */
function cents(amount: bigint): string {
  return formatMoney((amount / 100_000n) * 100_000n);
}

/** One event for programs. */
export function toEvent(progress: BatchProgress): object {
  const { total, resumed, limiter, cost, projectedCost, remainingMs } = progress;
  return {
    event: 'progress',
    total: total ?? null,
    resumed: resumed.succeeded + resumed.failed,
    succeeded: progress.succeeded,
    failed: progress.failed,
    in_flight: progress.inFlight,
    waiting: limiter?.waiting ?? null,
    retries: progress.retries ?? null,
    refusals: limiter?.refusals ?? null,
    limits: Object.fromEntries(
      (limiter?.axes ?? []).map(({ axis, limit, used, origin }) => [axis, { limit: limit ?? null, used, origin }]),
    ),
    binding: limiter?.binding ?? null,
    prompt_tokens: progress.promptTokens,
    cached_tokens: progress.cachedTokens,
    completion_tokens: progress.answerTokens,
    cost: cost === undefined ? null : formatMoney(cost),
    projected_cost: projectedCost === undefined ? null : formatMoney(projectedCost),
    remaining_ms: remainingMs === undefined ? null : Math.round(remainingMs),
    elapsed_ms: Math.round(progress.elapsedMs),
  };
}
