/** What can go wrong while a model is found, fetched or checked: one error class with a closed set of codes. */

/**
 * - `bad_source`: the text does not name a model source.
 * - `not_found`: the source answered that it has no such model.
 * - `not_allowed`: the source wants a token or refuses this one.
 * - `unreachable`: the source gave no answer at all.
 * - `interrupted`: the source answered and then failed, more often than is retried.
 * - `bad_answer`: the source answered something that cannot be used.
 * - `corrupt`: what arrived is not what was promised.
 * - `not_a_model`: the file is no GGUF.
 * - `disk_full`, `no_permission`, `disk_error`: the folder of models cannot be written.
 * - `no_pip`: there is no Python with pip on this machine.
 * - `busy`: another process holds the model and does not let go of it.
 * - `stopped`: the user asked to stop.
 */
export type ModelErrorCode =
  | 'bad_source'
  | 'not_found'
  | 'not_allowed'
  | 'unreachable'
  | 'interrupted'
  | 'bad_answer'
  | 'corrupt'
  | 'not_a_model'
  | 'disk_full'
  | 'no_permission'
  | 'disk_error'
  | 'no_pip'
  | 'busy'
  | 'stopped';

export interface ModelErrorOptions extends ErrorOptions {
  /** How long the source asked to be left alone, in ms. */
  retryAfterMs?: number | undefined;
}

/** A failure whose message is meant for the person at the terminal: it says what happened and what can be done. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ModelErrorCode, message: string, options: ModelErrorOptions = {}) {
    super(message, options);
    this.name = 'ModelError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True where trying another source cannot help: the trouble is on this machine, or the user asked to stop. */
export function isLocalTrouble(error: unknown): boolean {
  if (!(error instanceof ModelError)) return true;
  return LOCAL_CODES.has(error.code);
}

const LOCAL_CODES: ReadonlySet<ModelErrorCode> = new Set([
  'disk_full',
  'no_permission',
  'disk_error',
  'busy',
  'stopped',
]);

/** The error code of the operating system or of Node, such as `ENOENT`, where the error has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Runs work on files below `path` and turns its failures (disk full, no permission, …) into a ModelError. */
export async function withFileErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw describeFileError(error, path);
  }
}

function describeFileError(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (error instanceof ModelError || code === undefined || !(error instanceof Error && 'syscall' in error))
    return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ModelError('disk_full', `The disk is full: ${path} cannot be written (${code}). ${ELSEWHERE}`, {
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ModelError('no_permission', `Plumb may not write ${path} (${code}). ${ELSEWHERE}`, { cause: error });
  }
  return new ModelError('disk_error', `${path} cannot be used: ${error.message}. ${ELSEWHERE}`, { cause: error });
}

const ELSEWHERE = 'PLUMB_MODELS_DIR names another folder for models.';
