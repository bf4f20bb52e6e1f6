/** Errors on their way between processes: those that somebody tells apart arrive as what they were. */
import { ConfigError } from '../config/problem.js';
import { StoreError, type StoreErrorCode } from '../store/store-error.js';

/** Name and message; the code of a StoreError, the problems of a ConfigError. */
export type ErrorMessage = readonly [name: string, message: string, detail?: StoreErrorCode | readonly string[]];

export function encodeError(error: unknown): ErrorMessage {
  if (error instanceof StoreError) return [error.name, error.message, error.code];
  if (error instanceof ConfigError) return [error.name, error.message, error.problems];
  return error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
}

export function decodeError([name, message, detail]: ErrorMessage): Error {
  if (name === 'StoreError') return new StoreError(detail as StoreErrorCode, message);
  if (name === 'ConfigError') return new ConfigError(detail as readonly string[]);
  if (name === 'RangeError') return new RangeError(message);
  return new Error(message);
}
