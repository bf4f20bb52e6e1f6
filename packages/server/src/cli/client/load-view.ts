/** What `plumb load` shows while it runs. */
import type { LogHistogram } from '../../load/log-histogram.js';
import { LOOP_DELAY_P99_MAX_MS } from '../../load/own-load.js';
import type { LoadPlan } from '../../load/plan.js';
import { formatCount, formatMs, formatRate, formatShare } from '../../load/report/format.js';
import { goodputShare, measureRates } from '../../load/report/load-report.js';
import type { LoadProgress } from '../../load/run-load.js';
import { createLiveView, fit, type LiveView, type LiveViewOptions, renderBar } from './live-view.js';
import { formatDuration } from './number-format.js';

export function createLoadView(options: LiveViewOptions, plan: LoadPlan): LiveView<LoadProgress> {
  return createLiveView(options, {
    lines: (progress, columns) => renderView(progress, plan, columns),
    plain: (progress) => [...listCounts(progress, plan), ...listTimes(progress)].join(', '),
    event: toEvent,
  });
}

/** Two lines: how far it is, and how fast the endpoint is. */
export function renderView(progress: LoadProgress, plan: LoadPlan, columns: number): readonly [string, string] {
  const bar = renderBar(partDone(progress, plan), columns);
  return [fit([bar, ...listCounts(progress, plan)], columns), fit(listTimes(progress), columns)];
}

function listCounts({ phase, elapsedMs, inFlight, recorder }: LoadProgress, { endMs }: LoadPlan): string[] {
  const { counts, warmUpRequests } = recorder;
  const left = Number.isFinite(endMs) ? endMs - elapsedMs : 0;
  return [
    phase === 'measuring' ? (left > 0 ? `${formatDuration(left)} left` : `${formatDuration(elapsedMs)}`) : phase,
    `${formatCount(phase === 'warm-up' ? warmUpRequests : counts.due)} due`,
    `${formatCount(inFlight)} in flight`,
    `${formatCount(counts.failed)} failed`,
    `${formatCount(counts.dropped)} dropped`,
    ...(counts.late > 0 ? [`${formatCount(counts.late)} late`] : []),
  ];
}

function listTimes({ recorder, windowMs, ownLoad }: LoadProgress): string[] {
  const rates = measureRates(recorder, windowMs);
  const quantiles = (name: string, histogram: LogHistogram) =>
    `${name} p50 ${formatMs(histogram.quantile(0.5))} p99 ${formatMs(histogram.quantile(0.99))}`;
  const delay = ownLoad.loopDelay.quantile(0.99);
  return [
    ...(delay > LOOP_DELAY_P99_MAX_MS ? [`GENERATOR TOO BUSY (${formatMs(delay)})`] : []),
    ...(recorder.ttft.count === 0 ? [] : [quantiles('ttft', recorder.ttft)]),
    quantiles('e2e', recorder.e2e),
    `${formatRate(rates.answered)} req/s`,
    `${formatRate(rates.answer_tokens)} tok/s`,
    `goodput ${formatShare(goodputShare(recorder))}`,
  ];
}

function partDone({ elapsedMs, recorder }: LoadProgress, { endMs, requestsMax }: LoadPlan): number {
  const { counts } = recorder;
  const ended = counts.answered + counts.failed + counts.dropped;
  return Math.min(1, Math.max(elapsedMs / endMs, ended / requestsMax));
}

/** One event for programs. */
export function toEvent({ phase, elapsedMs, inFlight, recorder, windowMs, ownLoad }: LoadProgress): object {
  const { counts, ttft, e2e } = recorder;
  const rates = measureRates(recorder, windowMs);
  const orNull = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    event: 'progress',
    phase,
    elapsed_ms: Math.round(elapsedMs),
    in_flight: inFlight,
    due: counts.due,
    answered: counts.answered,
    failed: counts.failed,
    dropped: counts.dropped,
    late: counts.late,
    requests_per_second: rates.answered,
    answer_tokens_per_second: rates.answer_tokens,
    ttft_p50_ms: orNull(ttft.quantile(0.5)),
    ttft_p99_ms: orNull(ttft.quantile(0.99)),
    e2e_p50_ms: orNull(e2e.quantile(0.5)),
    e2e_p99_ms: orNull(e2e.quantile(0.99)),
    goodput_share: goodputShare(recorder),
    loop_delay_p99_ms: orNull(ownLoad.loopDelay.quantile(0.99)),
  };
}
