/** The charts of a report: what happened over time, and how times are spread. */
import { LogHistogram } from '../log-histogram.js';
import { formatTime, linearAxis, logAxis, timeAxis } from './axis.js';
import { type Chart, drawChart, type Hint, type Series } from './chart.js';
import { formatMs, formatMsTick, formatRate, formatTick } from './format.js';
import type { LatencyName, LoadReport } from './load-report.js';
import type { SliceQuantiles, SliceRecord } from './slices.js';

/** All charts for which there is something to show. */
export function drawCharts(report: LoadReport): string {
  const { latencies } = report;
  const hasStreams = latencies.ttft.histogram.count > 0;
  return [
    drawRequests(report),
    drawInFlight(report),
    ...(hasStreams ? [drawQuantiles(report, 'ttft', 'Time to first token')] : []),
    drawQuantiles(report, 'e2e', 'End to end'),
    drawTokens(report),
    drawErrors(report),
    drawDistribution(report, 'How times are spread', 'Part of the answers that were at least as fast.', [
      'ttft',
      'e2e',
      'ttfb',
    ]),
    ...(hasStreams
      ? [
          drawDistribution(report, 'How the stream flows', 'Part of the requests, and of the gaps, at most as long.', [
            'tpot',
            'gap',
          ]),
        ]
      : []),
  ].join('\n');
}

function drawRequests(report: LoadReport): string {
  const rate = (what: 'sent' | 'answered' | 'met') => overTime(report, (slice) => perSecond(report, slice[what]));
  const goodput =
    report.parameters.objective === undefined ? [] : [{ name: 'met the objective', colour: 3, points: rate('met') }];
  return drawTimes(report, {
    title: 'Requests',
    caption: 'Sent and answered in each second.',
    series: [
      { name: 'answered', colour: 1, points: rate('answered'), isFilled: true },
      { name: 'sent', colour: 6, points: rate('sent') },
      ...goodput,
    ],
    format: formatRate,
  });
}

function drawInFlight(report: LoadReport): string {
  return drawTimes(report, {
    title: 'In flight',
    caption: 'The most requests that were open in each second.',
    series: [
      { name: 'in flight', colour: 5, points: overTime(report, (slice) => slice.in_flight_max), isFilled: true },
    ],
    format: formatRate,
  });
}

function drawQuantiles(report: LoadReport, latency: 'ttft' | 'e2e', title: string): string {
  const line = (quantile: keyof SliceQuantiles) => overTime(report, (slice) => slice[latency][quantile]);
  return drawTimes(report, {
    title,
    caption: 'Of the requests that were due in each second.',
    series: [
      { name: 'p99', colour: 2, points: line('p99') },
      { name: 'p95', colour: 5, points: line('p95') },
      { name: 'p50', colour: 1, points: line('p50') },
    ],
    format: formatMs,
  });
}

function drawTokens(report: LoadReport): string {
  const points = overTime(report, (slice) => perSecond(report, slice.answer_tokens));
  return drawTimes(report, {
    title: 'Answer tokens',
    caption: 'Of all answers together, in each second.',
    series: [{ name: 'tokens', colour: 3, points, isFilled: true }],
    format: formatRate,
  });
}

function drawErrors(report: LoadReport): string {
  const rate = (what: 'failed' | 'dropped') => overTime(report, (slice) => perSecond(report, slice[what]));
  return drawTimes(report, {
    title: 'Failures',
    caption: 'In each second; dropped are those that were never sent.',
    series: [
      { name: 'failed', colour: 4, points: rate('failed'), isFilled: true },
      { name: 'dropped', colour: 2, points: rate('dropped') },
    ],
    format: formatRate,
  });
}

function drawDistribution(report: LoadReport, title: string, caption: string, names: readonly LatencyName[]): string {
  const curves = names.flatMap((name, index) => {
    const histogram = LogHistogram.fromRecord(report.latencies[name].histogram);
    const points = histogram
      .cumulative()
      .map(([value, share]) => [Math.max(value, SHOWN_MIN_MS), share * 100] as const);
    return histogram.count === 0
      ? []
      : [{ name: CURVES[name], colour: CURVE_COLOURS[index] ?? 1, points: toSteps(points), isDashed: name === 'ttfb' }];
  });
  const values = curves.flatMap(({ points }) => points.map(([value]) => value));
  const x = logAxis(Math.min(...values, 100), Math.max(...values, 1), formatMsTick);
  return drawChart({ title, caption, series: curves, x, y: linearAxis(100, (value) => `${value} %`) });
}

/** What is shorter is drawn as this, in ms: nobody waits for less. */
const SHOWN_MIN_MS = 0.1;
const CURVE_COLOURS = [1, 5, 2];
const CURVES: Readonly<Record<LatencyName, string>> = {
  ttfb: 'first byte',
  ttft: 'first token',
  tpot: 'time per token',
  gap: 'gap between tokens',
  e2e: 'end to end',
  lateness: 'sent late by',
};

interface TimeChart extends Pick<Chart, 'title' | 'caption' | 'series'> {
  readonly format: (value: number) => string;
}

function drawTimes(report: LoadReport, { title, caption, series, format }: TimeChart): string {
  const { width_ms, slices } = report.timeline;
  const largest = Math.max(0, ...series.flatMap(({ points }) => points.map(([, y]) => y ?? 0)));
  return drawChart({
    title,
    caption: width_ms === 1000 ? caption : caption.replace('each second', `each ${formatTime(width_ms / 1000)}`),
    series,
    x: timeAxis((slices.length * width_ms) / 1000),
    y: linearAxis(largest, format === formatMs ? formatMsTick : formatTick),
    warmUpUntil: report.warm_up_ms / 1000,
    hints: hintsOf(series, width_ms / 1000, format),
  });
}

/** Places that can be pointed at; more would only make the page larger. */
const HINTS_MAX = 120;

function hintsOf(series: readonly Series[], widthS: number, format: (value: number) => string): Hint[] {
  const slices = series[0]?.points.length ?? 0;
  const each = Math.max(1, Math.ceil(slices / HINTS_MAX));
  return Array.from({ length: Math.ceil(slices / each) }, (_, index) => {
    const slice = Math.min(index * each, slices - 1);
    const values = series.map(({ name, points }) => {
      const value = points[slice]?.[1] ?? null;
      return `${name}: ${value === null ? '–' : format(value)}`;
    });
    const from = index * each * widthS;
    return {
      from,
      to: Math.min((index + 1) * each, slices) * widthS,
      text: [formatTime(slice * widthS), ...values].join('\n'),
    };
  });
}

function overTime({ timeline }: LoadReport, read: (slice: SliceRecord) => number | null): Series['points'] {
  const widthS = timeline.width_ms / 1000;
  return timeline.slices.map((slice, index) => [(index + 0.5) * widthS, read(slice)]);
}

function perSecond({ timeline }: LoadReport, amount: number): number {
  return (amount * 1000) / timeline.width_ms;
}

/** A share stays what it is until the next value. */
function toSteps(points: readonly (readonly [x: number, y: number])[]): (readonly [x: number, y: number])[] {
  return points.flatMap(([x, y], index) => [[x, points[index - 1]?.[1] ?? 0] as const, [x, y] as const]);
}
