/** Reads the values of the flags of `plumb batch`. Each throws an InvalidArgumentError. */
import { InvalidArgumentError } from 'commander';
import { AmountError, type Money, readAmount } from '../../ledger/money.js';

/** How progress is shown: for whoever looks, for programs, or not at all. */
export type ProgressKind = 'auto' | 'json' | 'none';

export function readProgressKind(text: string): ProgressKind {
  if (text === 'auto' || text === 'json' || text === 'none') return text;
  throw new InvalidArgumentError('It must be auto, json or none.');
}

/** `5` or `0.25`, in the currency of the prices. */
export function readCostFlag(text: string): Money {
  try {
    return readAmount(text);
  } catch (error) {
    if (error instanceof AmountError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** `20`, or a part of all lines such as `1%`. */
export function readMaxErrors(text: string): number | { readonly part: number } {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const [, percent] = /^(\d{1,2}(?:\.\d+)?|100)%$/.exec(text) ?? [];
  if (percent !== undefined) return { part: Number(percent) / 100 };
  throw new InvalidArgumentError('It must be a number of lines such as 20, or a part of them such as 1%.');
}

/** `400,422`. */
export function readStatuses(text: string): readonly number[] {
  const statuses = text.split(',').map((part) => (/^4\d\d$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (statuses.every((status) => !Number.isNaN(status))) return statuses;
  throw new InvalidArgumentError('It must be statuses such as 400,422.');
}
