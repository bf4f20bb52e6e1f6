/** The live view of a batch on stderr: two lines that are rewritten on a terminal, plain lines elsewhere, or NDJSON. */
import { type AxisState, type BatchProgress, type Clock, formatMoney } from '@plumb/client';
import type { ProgressStream } from '../progress.js';
import type { ProgressKind } from './batch-flags.js';
import { formatCount, formatDuration, formatShort } from './number-format.js';

export interface BatchView {
  /** Shows progress from now on. */
  start(read: () => BatchProgress): void;
  /** Says something between two views. */
  remark(text: string): void;
  /** Shows the last state and stops. */
  end(): void;
}

export interface BatchViewOptions {
  readonly stream: ProgressStream;
  readonly clock: Clock;
  readonly kind: ProgressKind;
  readonly currency: string | undefined;
}

const REWRITE_MS = 100;
const PLAIN_MS = 10_000;
const JSON_MS = 1000;
const DEFAULT_COLUMNS = 80;

export function createBatchView(options: BatchViewOptions): BatchView {
  const { kind, stream, currency } = options;
  if (kind === 'none') return new Ticker(options, PLAIN_MS, () => '');
  if (kind === 'json') return new Ticker(options, JSON_MS, (progress) => `${JSON.stringify(toEvent(progress))}\n`);
  if (stream.isTTY === true) return new Rewriter(options);
  return new Ticker(options, PLAIN_MS, (progress) => `${renderPlain(progress, currency)}\n`);
}

/** Writes something every so often. */
class Ticker implements BatchView {
  protected readonly options: BatchViewOptions;
  readonly #everyMs: number;
  readonly #render: (progress: BatchProgress) => string;
  #read: (() => BatchProgress) | undefined;
  #cancel = () => {};

  constructor(options: BatchViewOptions, everyMs: number, render: (progress: BatchProgress) => string) {
    this.options = options;
    this.#everyMs = everyMs;
    this.#render = render;
  }

  start(read: () => BatchProgress): void {
    this.#read = read;
    this.#wait();
  }

  remark(text: string): void {
    if (this.options.kind !== 'json') this.options.stream.write(`${text}\n`);
  }

  end(): void {
    this.#cancel();
    this.#show();
    this.#read = undefined;
  }

  #wait(): void {
    this.#cancel = this.options.clock.after(this.#everyMs, () => {
      this.#show();
      this.#wait();
    });
  }

  #show(): void {
    if (this.#read === undefined) return;
    const text = this.#render(this.#read());
    if (text !== '') this.options.stream.write(text);
  }
}

class Rewriter extends Ticker {
  #isShown = false;

  constructor(options: BatchViewOptions) {
    super(options, REWRITE_MS, (progress) => this.#rewrite(progress));
  }

  override remark(text: string): void {
    this.options.stream.write(`${this.#back()}\u001b[J${text}\n`);
    this.#isShown = false;
  }

  #rewrite(progress: BatchProgress): string {
    const columns = (this.options.stream.columns ?? DEFAULT_COLUMNS) - 1;
    const lines = renderView(progress, columns, this.options.currency);
    const text = `${this.#back()}${lines.map((line) => `${line}\u001b[K\n`).join('')}`;
    this.#isShown = true;
    return text;
  }

  /** To the start of the first line of the view. */
  #back(): string {
    return this.#isShown ? '\r\u001b[2A' : '';
  }
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

const BAR_COLUMNS_MAX = 24;
/** Below so many columns there is no bar. */
const BAR_NEEDS_COLUMNS = 60;

function renderBar(part: number, columns: number): string {
  const width = columns < BAR_NEEDS_COLUMNS ? 0 : BAR_COLUMNS_MAX;
  if (width === 0) return `${Math.floor(part * 100)}%`;
  const full = Math.floor(Math.min(part, 1) * width);
  return `[${'='.repeat(full)}${' '.repeat(width - full)}] ${String(Math.floor(part * 100)).padStart(3)}%`;
}

function fit(parts: readonly string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line === '' ? (parts[0] ?? '').slice(0, columns) : line;
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
