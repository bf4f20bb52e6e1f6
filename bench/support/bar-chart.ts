/** Draws bars into an SVG that reads well on light and dark pages. */
import { COLOURS, escapeXml } from './svg.js';

/** One bar, with the range that it stands for. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

export interface BarChart {
  readonly title: string;
  /** Stands after each value. */
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 840;
const NAME_WIDTH = 110;
const VALUE_WIDTH = 110;
const TOP = 36;
const STEP = 28;
const THICKNESS = 16;
/** Below it all values show their first three digits. */
const WHOLE_FROM = 100;

/** One bar below the other; a thin line shows the smallest and the largest value. */
export function drawBarChart({ title, unit, bars }: BarChart): string {
  const largest = Math.max(...bars.map(({ max }) => max));
  const toLength = (value: number) => (value / largest) * (WIDTH - NAME_WIDTH - VALUE_WIDTH);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + bars.length * STEP + 8}" font-family="sans-serif" font-size="12" fill="#808080" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<text x="0" y="20" font-size="14" font-weight="bold">${escapeXml(title)}</text>`,
    ...bars.map((bar, index) => drawBar(bar, index, unit, toLength)),
    '</svg>',
    '',
  ].join('\n');
}

function drawBar({ name, value, min, max }: Bar, index: number, unit: string, toLength: (value: number) => number) {
  const top = TOP + index * STEP;
  const middle = top + THICKNESS / 2;
  const at = (each: number) => (NAME_WIDTH + toLength(each)).toFixed(1);
  const isOurs = name.startsWith('plumb');
  return (
    `<text x="${NAME_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escapeXml(name)}</text>` +
    `<rect x="${NAME_WIDTH}" y="${top}" width="${toLength(value).toFixed(1)}" height="${THICKNESS}" fill="${isOurs ? COLOURS[1] : COLOURS[0]}"/>` +
    `<path d="M${at(min)} ${middle}H${at(max)}" stroke="#808080" stroke-width="2"/>` +
    `<text x="${Number(at(max)) + 8}" y="${middle + 4}">${formatValue(value)}${unit === '' ? '' : ` ${escapeXml(unit)}`}</text>`
  );
}

function formatValue(value: number): string {
  return value >= WHOLE_FROM ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
