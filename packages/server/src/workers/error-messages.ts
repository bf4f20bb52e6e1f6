/** Errors on their way between processes: those that somebody tells apart arrive as what they were. */
import { ConfigError } from '../config/problem.js';
import { StoreError, type StoreErrorCode } from '../store/store-error.js';

/** Name and message; the code of a StoreError, the problems of a ConfigError, whether waiting helps for any other. */
export type ErrorMessage = readonly [name: string, message: string, detail?: StoreErrorCode | readonly string[] | true];

/** Something is not there for the moment: a matter for 503, not of the request. */
export class UnavailableError extends Error {
  override readonly name: string = 'UnavailableError';
  readonly isUnavailable = true;
}

export function encodeError(error: unknown): ErrorMessage {
  if (error instanceof StoreError) return [error.name, error.message, error.code];
  if (error instanceof ConfigError) return [error.name, error.message, error.problems];
  if (!(error instanceof Error)) return ['Error', String(error)];
  return isUnavailable(error) ? [error.name, error.message, true] : [error.name, error.message];
}

export function decodeError([name, message, detail]: ErrorMessage): Error {
  if (name === 'StoreError') return new StoreError(detail as StoreErrorCode, message);
  if (name === 'ConfigError') return new ConfigError(detail as readonly string[]);
  if (name === 'RangeError') return new RangeError(message);
  return detail === true ? new UnavailableError(message) : new Error(message);
}

function isUnavailable(error: Error): boolean {
  return (error as Partial<UnavailableError>).isUnavailable === true;
}
