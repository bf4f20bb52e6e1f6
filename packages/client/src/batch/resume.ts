/** What a run goes on from: which lines an earlier run has done with, which are to be asked again, which have changed. */
import { KitError } from '../errors/kit-error.js';
import { hashText } from './hash.js';
import type { Journal, ResultFile, Verdict } from './journal.js';
import { type LineIndex, LineState } from './line-index.js';
import { type RecordedLine, readOutputLine } from './output-line.js';

export interface ResumeOptions {
  /** What to do with a line whose body is another than the one that was answered. Default: `stop`. */
  readonly onChange?: 'stop' | 'rerun' | undefined;
  /**
   * Which refused lines (4xx) are asked again: all of them, or those with certain statuses. What failed for reasons that
   * may have passed is always asked again. Default: none.
   */
  readonly retryErrors?: boolean | readonly number[] | undefined;
}

/** What was found of earlier runs. */
export interface Resumed {
  /** Lines with an answer that is kept. */
  readonly succeeded: number;
  /** Lines with a failure that is kept. */
  readonly failed: number;
  /** Lines that failed and are asked again. */
  readonly again: number;
  /** Results whose custom_id is not in the input any more; they are kept. */
  readonly foreign: number;
}

/**
 * Takes over what a journal has.
 *
 * @param isListed Whether the index has all lines of the input already.
 * @throws KitError invalid_input when a body has changed and that stops the batch.
 */
export async function resume(
  journal: Journal,
  index: LineIndex,
  isListed: boolean,
  options: ResumeOptions,
): Promise<Resumed> {
  const reader = new RecordReader(index, isListed, options);
  await journal.restore((file, line) => reader.read(file, line));
  return reader.found;
}

class RecordReader {
  readonly found = { succeeded: 0, failed: 0, again: 0, foreign: 0 };
  readonly #index: LineIndex;
  readonly #isListed: boolean;
  readonly #options: ResumeOptions;

  constructor(index: LineIndex, isListed: boolean, options: ResumeOptions) {
    this.#index = index;
    this.#isListed = isListed;
    this.#options = options;
  }

  read(file: ResultFile, text: string): Verdict {
    const record = readOutputLine(text);
    if (record === undefined) return 'unreadable';
    const id = hashText(record.customId);
    const entry = this.#index.find(id);
    if (entry >= 0) return this.#judge(file, record, entry);
    const [first, second] = record.bodyHash ?? [0, 0];
    const added = this.#index.add(id, [first, second, 0, 0], 0, LineState.listed);
    if (this.#isListed) this.found.foreign += 1;
    return this.#enter(file, record, added, !this.#isListed);
  }

  #judge(file: ResultFile, record: RecordedLine, entry: number): Verdict {
    const state = this.#index.stateOf(entry);
    // One line has one result: the first that was found, and answers are found first.
    if (state !== LineState.listed) return 'drop';
    if (record.bodyHash === undefined || this.#index.hasBody(entry, record.bodyHash))
      return this.#enter(file, record, entry, true);
    if (this.#options.onChange === 'rerun') return 'drop';
    throw changedError(record.customId);
  }

  #enter(file: ResultFile, record: RecordedLine, entry: number, counts: boolean): Verdict {
    const isAgain = file === 'errors' && counts && mayPass(record, this.#options.retryErrors ?? false);
    const again = record.status === CONFLICT ? LineState.anew : LineState.again;
    const state = file === 'results' ? LineState.succeeded : isAgain ? again : LineState.failed;
    this.#index.setState(entry, state);
    if (counts) this.found[file === 'results' ? 'succeeded' : isAgain ? 'again' : 'failed'] += 1;
    return isAgain ? 'drop' : 'keep';
  }
}

/** The body of a line is another than the one that was answered. */
export function changedError(customId: string): KitError {
  return new KitError(
    'invalid_input',
    `The result of "${customId}" is of another body than the input has now. Ask changed lines again (--on-change rerun; ` +
      'their old results are dropped), or write the results to another file.',
  );
}

/** Whether another try may help. */
function mayPass({ status }: RecordedLine, retryErrors: boolean | readonly number[]): boolean {
  const isRefused = status !== undefined && status >= 400 && status < 500 && !TRANSIENT.has(status);
  if (!isRefused) return true;
  return typeof retryErrors === 'boolean' ? retryErrors : retryErrors.includes(status);
}

const CONFLICT = 409;
const TRANSIENT = new Set([408, CONFLICT, 429]);
