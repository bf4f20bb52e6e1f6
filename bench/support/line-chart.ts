/** Draws lines into an SVG that reads well on light and dark pages. */
import { COLOURS, escapeXml } from './svg.js';

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
  /** A stretch of x to shade, with its name. */
  readonly shaded?: { readonly from: number; readonly to: number; readonly name: string };
  /** Powers of ten on the y axis. */
  readonly isLogarithmic?: boolean;
}

const WIDTH = 840;
const HEIGHT = 380;
const MARGIN = { left: 64, right: 190, top: 40, bottom: 48 };

export function drawLineChart(chart: LineChart): string {
  const points = chart.lines.flatMap((line) => line.points);
  const xMax = Math.max(...points.map(([x]) => x));
  const yMax = Math.max(...points.map(([, y]) => y), 1);
  const toX = (x: number) => MARGIN.left + (x / xMax) * (WIDTH - MARGIN.left - MARGIN.right);
  const share = (y: number) => (chart.isLogarithmic ? Math.log10(Math.max(y, 1)) / Math.log10(yMax) : y / yMax);
  const toY = (y: number) => HEIGHT - MARGIN.bottom - share(y) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#808080" role="img">`,
    `<title>${escapeXml(chart.title)}</title>`,
    `<text x="${MARGIN.left}" y="20" font-size="14" font-weight="bold">${escapeXml(chart.title)}</text>`,
    ...drawShade(chart, toX),
    ...ticksOf(xMax).map((x) => `<text x="${toX(x)}" y="${HEIGHT - 28}" text-anchor="middle">${x}</text>`),
    ...(chart.isLogarithmic ? decadesOf(yMax) : ticksOf(yMax)).map(
      (y) =>
        `<path d="M${MARGIN.left} ${toY(y)}H${WIDTH - MARGIN.right}" stroke="#808080" stroke-opacity="0.25"/>` +
        `<text x="${MARGIN.left - 6}" y="${toY(y) + 4}" text-anchor="end">${y}</text>`,
    ),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeXml(chart.xLabel)}</text>`,
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeXml(chart.yLabel)}</text>`,
    ...chart.lines.map((line, index) => drawLine(line, index, toX, toY)),
    '</svg>',
    '',
  ].join('\n');
}

function drawLine(
  { name, points }: Line,
  index: number,
  toX: (x: number) => number,
  toY: (y: number) => number,
): string {
  const colour = COLOURS[index % COLOURS.length];
  const path = points
    .map(([x, y], place) => `${place === 0 ? 'M' : 'L'}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`)
    .join('');
  const y = MARGIN.top + 12 + index * 20;
  const x = WIDTH - MARGIN.right + 12;
  return (
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.8"/>` +
    `<path d="M${x} ${y - 4}h18" stroke="${colour}" stroke-width="3"/><text x="${x + 24}" y="${y}">${escapeXml(name)}</text>`
  );
}

function drawShade({ shaded }: LineChart, toX: (x: number) => number): string[] {
  if (shaded === undefined) return [];
  const { from, to, name } = shaded;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  return [
    `<rect x="${toX(from)}" y="${MARGIN.top}" width="${toX(to) - toX(from)}" height="${height}" fill="#808080" fill-opacity="0.15"/>`,
    `<text x="${(toX(from) + toX(to)) / 2}" y="${MARGIN.top - 5}" text-anchor="middle">${escapeXml(name)}</text>`,
  ];
}

/** Four to ten round numbers up to a largest one. */
function ticksOf(largest: number): number[] {
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power;
  return Array.from({ length: Math.floor(largest / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function decadesOf(largest: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(largest)) + 1 }, (_, power) => 10 ** power);
}
