/** Shows on stderr how a model is fetched: one line that is rewritten on a terminal, a few plain lines elsewhere. */
import { stripVTControlCharacters } from 'node:util';
import type { ModelProgress } from '../models/transfer.js';
import type { Clock } from '../observe/clock.js';

/** What is needed of a stream; `process.stderr` fits. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressRenderer {
  /** Shows one step. */
  report(progress: ModelProgress): void;
  /** Ends a line that is still being rewritten, so that what follows begins on a line of its own. */
  end(): void;
}

/** How often a line is rewritten, in ms. */
const REWRITE_MS = 100;
/** How often a plain line is written at most where the size is not known, in ms. */
const PLAIN_MS = 10_000;
/** The step between plain lines, in percent. */
const PLAIN_STEP_PERCENT = 10;
/** The time over which a rate is averaged, in ms. */
const RATE_WINDOW_MS = 5_000;
/** Measurements that are kept for the rate. */
const MAX_SAMPLES = 100;
/** The width of a terminal that does not tell, in columns. */
const DEFAULT_COLUMNS = 80;
/** The widest and narrowest bar, in columns; below the narrowest there is none. */
const BAR_MAX_COLUMNS = 30;
const BAR_MIN_COLUMNS = 8;
/** What the name of the file keeps, with the word before it, in columns. */
const NAME_MIN_COLUMNS = 24;

/** Creates a renderer for a stream. The clock measures rates. */
export function createProgressRenderer(stream: ProgressStream, clock: Clock): ProgressRenderer {
  return stream.isTTY === true ? new LineRewriter(stream, clock) : new PlainLines(stream, clock);
}

type Transfer = Extract<ModelProgress, { kind: 'transfer' }>;

class LineRewriter implements ProgressRenderer {
  readonly #stream: ProgressStream;
  readonly #clock: Clock;
  readonly #rate: RateMeter;
  #key = '';
  #isOpen = false;
  #isWhole = false;
  #shownAt = 0;

  constructor(stream: ProgressStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#rate = new RateMeter(clock);
  }

  report(progress: ModelProgress): void {
    if (progress.kind === 'notice') {
      this.#erase();
      this.#stream.write(`${progress.message}\n`);
      return;
    }
    const isNew = keyOf(progress) !== this.#key;
    if (isNew) this.#begin(progress);
    this.#rate.add(progress.doneBytes);
    const isWhole = progress.doneBytes === progress.totalBytes;
    const isDue = isNew || this.#clock.now() - this.#shownAt >= REWRITE_MS || (isWhole && !this.#isWhole);
    if (!isDue) return;
    this.#isWhole = isWhole;
    this.#isOpen = true;
    this.#shownAt = this.#clock.now();
    const columns = (this.#stream.columns ?? DEFAULT_COLUMNS) - 1;
    this.#stream.write(`\r${renderLine(progress, this.#rate.bytesPerSecond(), columns)}\u001b[K`);
  }

  end(): void {
    if (this.#isOpen) this.#stream.write('\n');
    this.#isOpen = false;
    this.#key = '';
  }

  #begin(progress: Transfer): void {
    this.end();
    this.#key = keyOf(progress);
    this.#isWhole = false;
    this.#rate.restart();
  }

  #erase(): void {
    if (this.#isOpen) this.#stream.write('\r\u001b[K');
    this.#isOpen = false;
    this.#shownAt = 0;
  }
}

class PlainLines implements ProgressRenderer {
  readonly #stream: ProgressStream;
  readonly #clock: Clock;
  #key = '';
  #nextPercent = 0;
  #shownAt = 0;

  constructor(stream: ProgressStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  report(progress: ModelProgress): void {
    if (progress.kind === 'notice') {
      this.#stream.write(`${progress.message}\n`);
      return;
    }
    const isNew = keyOf(progress) !== this.#key;
    this.#key = keyOf(progress);
    const percent = percentOf(progress);
    if (!isNew && !this.#isDue(percent)) return;
    this.#shownAt = this.#clock.now();
    this.#nextPercent = (Math.floor((percent ?? 0) / PLAIN_STEP_PERCENT) + 1) * PLAIN_STEP_PERCENT;
    this.#stream.write(
      `${describe(progress)} ${renderBytes(progress)}${percent === undefined ? '' : ` (${percent}%)`}\n`,
    );
  }

  end(): void {
    this.#key = '';
  }

  #isDue(percent: number | undefined): boolean {
    if (percent === undefined) return this.#clock.now() - this.#shownAt >= PLAIN_MS;
    return percent >= this.#nextPercent;
  }
}

/** The rate over the last seconds, from where a transfer stood and stands. */
class RateMeter {
  readonly #clock: Clock;
  #samples: { at: number; bytes: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  restart(): void {
    this.#samples = [];
  }

  add(bytes: number): void {
    const at = this.#clock.now();
    const last = this.#samples.at(-1);
    // A transfer that starts anew has a rate of its own.
    if (last !== undefined && bytes < last.bytes) this.restart();
    if (last !== undefined && at - last.at < RATE_WINDOW_MS / MAX_SAMPLES && this.#samples.length > 1) {
      last.bytes = bytes;
      return;
    }
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > RATE_WINDOW_MS) this.#samples.shift();
  }

  /** Undefined until there is something to measure. */
  bytesPerSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }
}

/** As much as fits: where it is narrow the name gives way first, then the bar, then the end of the line. */
function renderLine(progress: Transfer, rate: number | undefined, columns: number): string {
  const percent = percentOf(progress);
  const right = [
    ...(percent === undefined ? [] : [`${String(percent).padStart(3)}%`]),
    renderBytes(progress),
    ...(rate === undefined ? [] : [`${formatBytes(rate)}/s`]),
    ...renderRemaining(progress, rate),
  ].join('  ');
  const barColumns = percent === undefined ? 0 : BAR_MIN_COLUMNS + 4;
  const left = shorten(describe(progress), Math.max(NAME_MIN_COLUMNS, columns - right.length - barColumns - 2));
  const spare = columns - left.length - right.length - 2;
  if (spare < 0) return shorten(right, columns);
  if (percent === undefined || spare < barColumns) return `${left}  ${right}`;
  return `${left}  ${renderBar(percent, Math.min(BAR_MAX_COLUMNS, spare - 4))}  ${right}`;
}

function shorten(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(columns - 1, 0))}…`;
}

function renderBar(percent: number, columns: number): string {
  const full = Math.round((percent / 100) * columns);
  return `[${'='.repeat(full)}${' '.repeat(columns - full)}]`;
}

function renderRemaining(progress: Transfer, rate: number | undefined): string[] {
  if (rate === undefined || rate <= 0 || progress.totalBytes === undefined) return [];
  const seconds = Math.ceil((progress.totalBytes - progress.doneBytes) / rate);
  return seconds > 0 ? [`${formatSeconds(seconds)} left`] : [];
}

function renderBytes(progress: Transfer): string {
  if (progress.totalBytes === undefined) return formatBytes(progress.doneBytes);
  return `${formatBytes(progress.doneBytes)} of ${formatBytes(progress.totalBytes)}`;
}

function describe(progress: Transfer): string {
  const verb = { downloading: 'Downloading', unpacking: 'Unpacking', checking: 'Checking' }[progress.phase];
  return `${verb} ${stripVTControlCharacters(progress.name)}`;
}

function percentOf(progress: Transfer): number | undefined {
  const { doneBytes, totalBytes } = progress;
  if (totalBytes === undefined || totalBytes === 0) return undefined;
  return Math.min(100, Math.floor((doneBytes / totalBytes) * 100));
}

function keyOf(progress: Transfer): string {
  return `${progress.phase} ${progress.name}`;
}

/** Decimal units, as disks and networks are sold: `98.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  for (const [unit, size] of UNITS) {
    if (bytes >= size * 0.99995) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${(bytes / 1e3).toFixed(1)} kB`;
}

const UNITS = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
] as const;

function formatSeconds(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}
