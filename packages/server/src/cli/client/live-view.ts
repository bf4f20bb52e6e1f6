/** What a command shows on stderr while it works: lines that are rewritten on a terminal, plain ones elsewhere, or NDJSON. */
import type { Clock } from '@plumb/client';
import type { ProgressStream } from '../progress.js';
import type { ProgressKind } from './batch-flags.js';

export interface LiveView<Progress> {
  /** Shows progress from now on. */
  start(read: () => Progress): void;
  /** Says something between two views. */
  remark(text: string): void;
  /** Shows the last state and stops. */
  end(): void;
}

export interface LiveViewOptions {
  readonly stream: ProgressStream;
  readonly clock: Clock;
  readonly kind: ProgressKind;
}

/** How progress is told. */
export interface Renderers<Progress> {
  /** Always as many lines, of at most so many columns. */
  lines(progress: Progress, columns: number): readonly string[];
  /** One line for logs. */
  plain(progress: Progress): string;
  /** One event for programs. */
  event(progress: Progress): object;
}

const REWRITE_MS = 100;
const PLAIN_MS = 10_000;
const JSON_MS = 1000;
const DEFAULT_COLUMNS = 80;

export function createLiveView<Progress>(options: LiveViewOptions, renderers: Renderers<Progress>): LiveView<Progress> {
  const { kind, stream } = options;
  if (kind === 'none') return new Ticker(options, PLAIN_MS, () => '');
  if (kind === 'json')
    return new Ticker(options, JSON_MS, (progress) => `${JSON.stringify(renderers.event(progress))}\n`);
  if (stream.isTTY === true) return new Rewriter(options, renderers);
  return new Ticker(options, PLAIN_MS, (progress) => `${renderers.plain(progress)}\n`);
}

/** Writes something every so often. */
class Ticker<Progress> implements LiveView<Progress> {
  protected readonly options: LiveViewOptions;
  readonly #everyMs: number;
  readonly #render: (progress: Progress) => string;
  #read: (() => Progress) | undefined;
  #cancel = () => {};

  constructor(options: LiveViewOptions, everyMs: number, render: (progress: Progress) => string) {
    this.options = options;
    this.#everyMs = everyMs;
    this.#render = render;
  }

  start(read: () => Progress): void {
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

class Rewriter<Progress> extends Ticker<Progress> {
  readonly #lines: Renderers<Progress>['lines'];
  #shownLines = 0;

  constructor(options: LiveViewOptions, { lines }: Renderers<Progress>) {
    super(options, REWRITE_MS, (progress) => this.#rewrite(progress));
    this.#lines = lines;
  }

  override remark(text: string): void {
    this.options.stream.write(`${this.#back()}\u001b[J${text}\n`);
    this.#shownLines = 0;
  }

  #rewrite(progress: Progress): string {
    const columns = (this.options.stream.columns ?? DEFAULT_COLUMNS) - 1;
    const lines = this.#lines(progress, columns);
    const text = `${this.#back()}${lines.map((line) => `${line}\u001b[K\n`).join('')}`;
    this.#shownLines = lines.length;
    return text;
  }

  /** To the start of the first line of the view. */
  #back(): string {
    return this.#shownLines > 0 ? `\r\u001b[${this.#shownLines}A` : '';
  }
}

const BAR_COLUMNS_MAX = 24;
/** Below so many columns there is no bar. */
const BAR_NEEDS_COLUMNS = 60;

/** `[====    ]  50%`, or the number alone where it is narrow. */
export function renderBar(part: number, columns: number): string {
  const width = columns < BAR_NEEDS_COLUMNS ? 0 : BAR_COLUMNS_MAX;
  if (width === 0) return `${Math.floor(part * 100)}%`;
  const full = Math.floor(Math.min(part, 1) * width);
  return `[${'='.repeat(full)}${' '.repeat(width - full)}] ${String(Math.floor(part * 100)).padStart(3)}%`;
}

/** As many of the parts as fit, from the first on; what matters less stands further right and is cut first. */
export function fit(parts: readonly string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line === '' ? (parts[0] ?? '').slice(0, columns) : line;
}
