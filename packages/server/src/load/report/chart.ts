/** Draws one chart of a report: lines on two axes, as SVG that takes its colours from the page. */
import type { Axis } from './axis.js';
import { escapeHtml } from './escape-html.js';

export interface Series {
  readonly name: string;
  /** Which of the colours of the page, counted from 1. */
  readonly colour: number;
  /** Null where there is no value. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
  /** Whether what is below the line is tinted. */
  readonly isFilled?: boolean;
  /** For a line that may lie upon another one. */
  readonly isDashed?: boolean;
}

export interface Chart {
  readonly title: string;
  /** What is shown, in a few words. */
  readonly caption: string;
  readonly series: readonly Series[];
  readonly x: Axis;
  readonly y: Axis;
  /** From the left edge to this x is warm-up. */
  readonly warmUpUntil?: number;
  /** What is told about places that are pointed at. */
  readonly hints?: readonly Hint[];
}

export interface Hint {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const WIDTH = 640;
const HEIGHT = 232;
const MARGIN = { left: 58, right: 14, top: 12, bottom: 28 };
const [LEFT, RIGHT] = [MARGIN.left, WIDTH - MARGIN.right];
const [TOP, BOTTOM] = [MARGIN.top, HEIGHT - MARGIN.bottom];

/** A figure with its title, its legend and the drawing. */
export function drawChart(chart: Chart): string {
  const legend = chart.series.map(
    ({ name, colour }) => `<li><i style="background:var(--line-${colour})"></i>${escapeHtml(name)}</li>`,
  );
  return [
    '<figure class="chart">',
    `<figcaption><h3>${escapeHtml(chart.title)}</h3><p>${escapeHtml(chart.caption)}</p></figcaption>`,
    `<ul class="legend">${legend.join('')}</ul>`,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">`,
    ...drawWarmUp(chart),
    ...drawGrid(chart),
    ...chart.series.map((series) => drawSeries(series, chart)),
    ...(chart.hints ?? []).map((hint) => drawHint(hint, chart)),
    '</svg>',
    '</figure>',
  ].join('\n');
}

function drawGrid({ x, y }: Chart): string[] {
  return [
    ...y.ticks.map(
      (value) =>
        `<path class="${value === 0 ? 'base' : 'grid'}" d="M${LEFT} ${toY(y, value)}H${RIGHT}"/>` +
        `<text x="${LEFT - 8}" y="${toY(y, value) + 4}" text-anchor="end">${escapeHtml(y.format(value))}</text>`,
    ),
    ...x.ticks.map((value) => {
      const place = toX(x, value);
      const anchor = place > RIGHT - 20 ? 'end' : 'middle';
      return (
        `<path class="grid" d="M${place} ${BOTTOM}v4"/>` +
        `<text x="${place}" y="${HEIGHT - 8}" text-anchor="${anchor}">${escapeHtml(x.format(value))}</text>`
      );
    }),
  ];
}

function drawWarmUp({ x, warmUpUntil = 0 }: Chart): string[] {
  if (warmUpUntil <= 0) return [];
  const width = Math.min(toX(x, warmUpUntil), RIGHT) - LEFT;
  const label = width < 60 ? '' : `<text class="note" x="${LEFT + 6}" y="${TOP + 12}">warm-up</text>`;
  return [`<rect class="warm-up" x="${LEFT}" y="${TOP}" width="${width}" height="${BOTTOM - TOP}"/>${label}`];
}

function drawSeries({ points, colour, isFilled = false, isDashed = false }: Series, { x, y }: Chart): string {
  const runs = splitAtGaps(points).map((run) => run.map(([at, value]) => [toX(x, at), toY(y, value)] as const));
  const line = runs.map(
    (run) => `M${run.map(([left, top]) => `${left} ${top}`).join('L')}${run.length === 1 ? 'h.01' : ''}`,
  );
  const stroke = `<path class="${isDashed ? 'line dashed' : 'line'}" style="stroke:var(--line-${colour})" d="${line.join('')}"/>`;
  if (!isFilled) return stroke;
  const areas = runs.map((run) => {
    const [first, last] = [run[0]?.[0] ?? LEFT, run.at(-1)?.[0] ?? LEFT];
    return `M${first} ${BOTTOM}L${run.map(([left, top]) => `${left} ${top}`).join('L')}L${last} ${BOTTOM}Z`;
  });
  return `<path class="area" style="fill:var(--line-${colour})" d="${areas.join('')}"/>${stroke}`;
}

function drawHint({ from, to, text }: Hint, { x }: Chart): string {
  const [left, right] = [toX(x, from), toX(x, to)];
  const middle = round((left + right) / 2);
  return (
    `<g class="hint"><title>${escapeHtml(text)}</title>` +
    `<rect x="${left}" y="${TOP}" width="${round(Math.max(right - left, 1))}" height="${BOTTOM - TOP}"/>` +
    `<path d="M${middle} ${TOP}V${BOTTOM}"/></g>`
  );
}

function splitAtGaps(points: Series['points']): (readonly [number, number])[][] {
  const runs: (readonly [number, number])[][] = [];
  let run: (readonly [number, number])[] = [];
  for (const [x, y] of points) {
    if (y === null) run = [];
    else {
      if (run.length === 0) runs.push(run);
      run.push([x, y]);
    }
  }
  return runs;
}

function toX(axis: Axis, value: number): number {
  return round(LEFT + axis.place(value) * (RIGHT - LEFT));
}

function toY(axis: Axis, value: number): number {
  return round(BOTTOM - axis.place(value) * (BOTTOM - TOP));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
