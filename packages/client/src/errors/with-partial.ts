/** Adds to an error what had come, which only the caller of the part that failed knows. */
import { KitError, type KitErrorCode } from './kit-error.js';

/** The same error with another `partial`, and with another code if one is given. */
export function withPartial(error: KitError, partial: unknown, code: KitErrorCode = error.code): KitError {
  // What it knows are its own properties, undefined where it knows nothing; only the cause hides.
  return new KitError(code, error.message, { ...error, cause: error.cause, partial } as object);
}
