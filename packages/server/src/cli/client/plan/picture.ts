/** A plan as a picture: how far it is over time, and how much of each limit it uses. */
import type { Brake, CoursePoint, Plan } from '@plumb/client/plan';
import { formatDuration, formatShort } from '../number-format.js';
import { NAME_COLUMNS, type Screen } from './screen.js';

/** Marks what matters; changes nothing where there are no colours. */
export type Mark = (text: string) => string;

export const BRAKE_NAMES: Readonly<Record<Brake, string>> = {
  requests: 'requests',
  tokens: 'tokens',
  concurrency: 'at once',
  'own-concurrency': 'yours',
};

const ROWS = 7;
const AXIS_COLUMNS = 7;
const CHART_COLUMNS_MAX = 66;
const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** The same in ASCII, where a cell is empty, half full or full. */
const HALVES = [' ', ' ', ' ', '.', '.', '.', '#', '#', '#'];

/** The share that is done, over time. */
export function renderCourse(course: readonly CoursePoint[], { columns, hasBlocks }: Screen): string {
  const width = Math.min(CHART_COLUMNS_MAX, columns - AXIS_COLUMNS);
  const shares = Array.from({ length: width }, (_, column) => shareAt(course, (column + 1) / width));
  const cells = hasBlocks ? EIGHTHS : HALVES;
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const floor = ROWS - 1 - index;
    const line = shares.map((share) => cells[Math.round(8 * Math.min(1, Math.max(0, share * ROWS - floor)))]).join('');
    return `${labelOf(floor)} ${hasBlocks ? '│' : '|'}${line}`.trimEnd();
  });
  const end = formatDuration(course.at(-1)?.atMs ?? 0);
  const base = `   0% ${hasBlocks ? '└' : '+'}${(hasBlocks ? '─' : '-').repeat(width)}`;
  const scale = `${' '.repeat(AXIS_COLUMNS)}0${end.padStart(width - 1)}`;
  return [...rows, base, scale].join('\n');
}

function labelOf(floor: number): string {
  if (floor === ROWS - 1) return ' 100%';
  return floor === (ROWS - 1) / 2 ? '  50%' : '     ';
}

function shareAt(course: readonly CoursePoint[], part: number): number {
  return course[Math.round(part * (course.length - 1))]?.done ?? 0;
}

const BAR_COLUMNS_MAX = 24;
const BAR_COLUMNS_MIN = 6;

/** A bar for each limit, the one that binds first. Where it is narrow their paces give way, then the bars. */
export function renderLimits({ rates, throughput }: Plan, screen: Screen, mark: Mark): string {
  const limits = rates.map(({ limit, brake }) => `of ${formatShort(limit)}${UNITS[brake]}`);
  const limitColumns = widest(limits);
  const room = screen.columns - NAME_COLUMNS - PERCENT_COLUMNS - limitColumns - 1 - BAR_EDGE_COLUMNS;
  const long = rates.map(
    (rate) => `  ${formatRate(rate.perSecond)}${rate.brake === throughput.brake ? ' < binds' : ''}`,
  );
  const ends =
    room - widest(long) >= BAR_COLUMNS_MIN ? long : rates.map(({ brake }) => (brake === throughput.brake ? ' <' : ''));
  const barColumns = Math.min(BAR_COLUMNS_MAX, room - widest(ends));
  return rates
    .map(({ brake, used }, index) => {
      const bar = barColumns < BAR_COLUMNS_MIN ? '' : `${renderBar(used, barColumns, screen)} `;
      const percent = `${Math.round(used * 100)}%`.padStart(PERCENT_COLUMNS);
      const limit = limits[index]?.padEnd(limitColumns);
      const line = `${BRAKE_NAMES[brake].padEnd(NAME_COLUMNS)}${bar}${percent} ${limit}${ends[index]}`.trimEnd();
      return brake === throughput.brake ? mark(line) : line;
    })
    .join('\n');
}

/** What stands around a bar. */
const BAR_EDGE_COLUMNS = 3;
const PERCENT_COLUMNS = 4;

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, text.length), 0);
}

const UNITS: Readonly<Record<Brake, string>> = {
  requests: ' req/min',
  tokens: ' tok/min',
  concurrency: '',
  'own-concurrency': '',
};

function renderBar(part: number, columns: number, { hasBlocks }: Screen): string {
  const full = Math.round(part * columns);
  if (hasBlocks) return `${'█'.repeat(full)}${'░'.repeat(columns - full)}`;
  return `[${'='.repeat(full)}${' '.repeat(columns - full)}]`;
}

/** Requests a second, or a minute where that is less than one. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return 'unlimited';
  const [value, unit] = perSecond >= 1 ? [perSecond, 's'] : [perSecond * 60, 'min'];
  return `${value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 0 : 1)}/${unit}`;
}
