/** The journal's port: where the results of a batch are kept, and what a later run goes on from. */

/** The two files of results: answers, and failures that are final for a run. */
export type ResultFile = 'results' | 'errors';

/** What is to become of a line that is there already; `unreadable` when it is no line of results. */
export type Verdict = 'keep' | 'drop' | 'unreadable';

export interface Journal {
  /** Names the run for idempotency keys: the same for every run that goes on with the same files, 16 hex digits. */
  readonly runId: string;
  /**
   * Hands over every line that is there, answers first, and forgets those that are to be dropped. Called once, before
   * anything is appended. Nothing is changed when `visit` throws.
   *
   * @throws KitError invalid_input when the files are not those of a batch, or were edited.
   */
  restore(visit: (file: ResultFile, line: string) => Verdict): Promise<void>;
  /**
   * Adds a line, its end included. Resolves once it would survive a loss of power.
   *
   * @throws when it cannot be kept; nothing can be appended any more from then on.
   */
  append(file: ResultFile, line: string): Promise<void>;
  /** Lets go of the files. Resolves once that is done; appends that have not resolved end first. */
  close(): Promise<void>;
}
