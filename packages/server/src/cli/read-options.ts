/** Reads the values of flags. */
import { InvalidArgumentError } from 'commander';

/** A whole number, for commander's `argParser`. Throws an InvalidArgumentError. */
export function readWholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** The word that takes something away. */
export const NONE = 'none';

/** A whole number, or `none`, for commander's `argParser`. Throws an InvalidArgumentError. */
export function readWholeNumberOrNone(text: string): number | typeof NONE {
  return text === NONE ? NONE : readWholeNumber(text);
}

/** A list such as `a,b`. */
export function readList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
