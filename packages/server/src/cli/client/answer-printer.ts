/** Shows an answer while it comes: the answer itself on stdout, what the model thinks dimmed on stderr. */
import { stripVTControlCharacters } from 'node:util';
import { colorsFor } from '../colors.js';
import { CliError, ExitCode } from '../exit-code.js';
import type { AnswerEnd, Piece, UsageCounts } from './answer.js';
import { type ClientContext, say } from './context.js';

export interface PrinterOptions {
  /** Whether reasoning is shown. Default: when stderr is a terminal. */
  readonly showReasoning?: boolean | undefined;
  /** Whether the last line gets an end when the answer has none: for people and line tools, not for exact text. */
  readonly endsLine: boolean;
}

export class AnswerPrinter {
  readonly #context: ClientContext;
  readonly #showReasoning: boolean;
  readonly #endsLine: boolean;
  /** The last of each that was written; empty at the beginning. */
  #content = '';
  #reasoning = '';

  constructor(context: ClientContext, { showReasoning, endsLine }: PrinterOptions) {
    this.#context = context;
    this.#showReasoning = showReasoning ?? context.stderr.isTTY === true;
    this.#endsLine = endsLine;
  }

  /** Resolves once it is written; rejects with EPIPE when nobody reads on. */
  async show({ kind, text }: Piece): Promise<void> {
    if (kind === 'content') return this.#showContent(text);
    if (!this.#showReasoning) return;
    this.#reasoning = text;
    const { stderr, environment } = this.#context;
    await write(stderr, colorsFor(stderr, environment).dim(stderr.isTTY ? toPrintable(text) : text));
  }

  /** Ends the line of what has been shown, also when the answer broke off. */
  async end(): Promise<void> {
    await this.#endReasoning('\n');
    const { stdout } = this.#context;
    if (this.#content === '' || this.#content.endsWith('\n')) return;
    if (this.#endsLine || stdout.isTTY) await write(stdout, '\n');
  }

  async #showContent(text: string): Promise<void> {
    await this.#endReasoning('\n\n');
    this.#content = text;
    const { stdout } = this.#context;
    await write(stdout, stdout.isTTY ? toPrintable(text) : text);
  }

  async #endReasoning(separator: string): Promise<void> {
    if (this.#reasoning === '') return;
    this.#reasoning = '';
    await write(this.#context.stderr, separator);
  }
}

/** Says on stderr what an answer used. */
export function sayUsage(context: ClientContext, usage: UsageCounts | undefined, durationMs: number): void {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  say(context, usage === undefined ? `The endpoint sent no usage; ${seconds}` : `${describeUsage(usage)}, ${seconds}`);
}

function describeUsage(usage: UsageCounts): string {
  const cached = usage.prompt_cache_hit_tokens ?? usage.prompt_tokens_details?.cached_tokens ?? 0;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  const prompt = `${usage.prompt_tokens ?? '?'} prompt tokens${cached > 0 ? ` (${cached} cached)` : ''}`;
  const answer = `${usage.completion_tokens ?? '?'} answer tokens${reasoning > 0 ? ` (${reasoning} reasoning)` : ''}`;
  return `${prompt}, ${answer}`;
}

const INCOMPLETE: Readonly<Record<string, string>> = {
  length: 'The answer was cut: it reached the most tokens that it could have (--max-tokens).',
  content_filter: 'The answer was refused or cut by the filter of the endpoint.',
  insufficient_system_resource: 'The answer was cut: the endpoint ran out of resources. Ask again later.',
  aborted: 'The answer was cut by the endpoint.',
};

/** Throws a CliError (exit code 7) when an answer is not whole. */
export function checkWhole({ finishReason }: Pick<AnswerEnd, 'finishReason'>): void {
  const problem = INCOMPLETE[finishReason];
  if (problem !== undefined) throw new CliError(problem, ExitCode.incomplete);
}

/** A text without what would steer a terminal: an answer can hold anything that somebody wrote into its prompt. */
function toPrintable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** Waits until it is written: whoever reads slowly slows the answer down. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
