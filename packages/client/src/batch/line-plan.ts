/** Which lines a run asks: all that are in order, without those that an earlier run has done with, each once. */
import { KitError } from '../errors/kit-error.js';
import { type BatchRequest, identityOf } from './batch-line.js';
import { checkBatch, requireNoProblems } from './check-batch.js';
import { LineIndex, LineState } from './line-index.js';
import { isRepeatable } from './line-source.js';
import { changedError, type Resumed, resume } from './resume.js';
import type { BatchOptions } from './run-batch.js';

export class LinePlan {
  /** Lines of the input; undefined while they are not known. */
  total: number | undefined;
  resumed: Resumed = { succeeded: 0, failed: 0, again: 0, foreign: 0 };
  readonly #options: BatchOptions;
  #index = new LineIndex();
  #runId = '';

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /** Checks all lines where they can be read twice, and takes over what the journal has. @throws KitError invalid_input */
  async prepare(): Promise<void> {
    const { lines, journal, onChange } = this.#options;
    const isListed = isRepeatable(lines);
    if (isListed) {
      const check = this.#options.check ?? (await checkBatch(lines, this.#options));
      requireNoProblems(check);
      this.#index = check.index;
      this.total = check.lines;
    } else if (onChange === 'rerun') {
      throw new KitError('invalid_input', 'To ask changed lines again the lines must be ones that can be read twice.');
    }
    this.#runId = journal?.runId ?? drawRunId();
    if (journal !== undefined) this.resumed = await resume(journal, this.#index, isListed, this.#options);
  }

  /**
   * The idempotency key of a line that is to be asked, which is noted; undefined for one that is not asked.
   *
   * @throws KitError invalid_input when the line is another than it was, or is there twice.
   */
  take(request: BatchRequest): string | undefined {
    const entry = this.#enter(request);
    const state = this.#index.stateOf(entry);
    if (state === LineState.started) {
      throw new KitError('invalid_input', `Line ${request.line}: has a \`custom_id\` that an earlier line has.`);
    }
    if (state === LineState.succeeded || state === LineState.failed) return undefined;
    if (this.#options.onlyFailed === true && state === LineState.listed) return undefined;
    this.#index.setState(entry, LineState.started);
    return `${state === LineState.anew ? drawRunId() : this.#runId}:${identityOf(request)}`;
  }

  /** Lines that this run still asks after so many; undefined when the number of lines is not known. */
  left(asked: number): number | undefined {
    const { limit = Number.POSITIVE_INFINITY, onlyFailed } = this.#options;
    const pending = onlyFailed === true ? this.resumed.again : this.pending;
    return pending === undefined ? undefined : Math.max(0, Math.min(pending, limit) - asked);
  }

  /** Lines that had no result when the run began; undefined when the number of lines is not known. */
  get pending(): number | undefined {
    return this.total === undefined ? undefined : this.total - this.resumed.succeeded - this.resumed.failed;
  }

  #enter({ idHash, bodyHash, line, customId }: BatchRequest): number {
    const found = this.#index.find(idHash);
    if (found < 0) {
      if (this.total !== undefined) throw editedError(line);
      return this.#index.add(idHash, bodyHash, line, LineState.listed);
    }
    if (this.#index.hasBody(found, bodyHash)) return found;
    throw this.total === undefined ? changedError(customId) : editedError(line);
  }
}

function editedError(line: number): KitError {
  return new KitError(
    'invalid_input',
    `Line ${line} is another than at the start: the input was edited while it was read.`,
  );
}

function drawRunId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
