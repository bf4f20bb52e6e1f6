/** Ranges of whole numbers by their digits. */

/** The numbers that begin with `prefix`, go on with a digit from `first` to `last`, and end with `free` digits. */
export interface DigitSpan {
  readonly prefix: string;
  readonly first: number;
  readonly last: number;
  readonly free: number;
}

/** The numbers from `low` to `high`, which are not negative; every number is in one span. */
export function spansBetween(low: bigint, high: bigint): DigitSpan[] {
  if (low > high) return [];
  const spans: DigitSpan[] = [];
  for (let length = String(low).length; length <= String(high).length; length++) {
    const smallest = length === 1 ? 0n : 10n ** BigInt(length - 1);
    const largest = 10n ** BigInt(length) - 1n;
    const from = low > smallest ? low : smallest;
    const to = high < largest ? high : largest;
    spans.push(...spansOfLength(String(from), String(to)));
  }
  return spans;
}

/** The same for two numbers of one length. */
function spansOfLength(from: string, to: string): DigitSpan[] {
  const length = from.length;
  let place = 0;
  while (place < length - 1 && from[place] === to[place]) place++;
  const free = length - 1 - place;
  const startsFull = /^0*$/.test(from.slice(place + 1));
  const endsFull = /^9*$/.test(to.slice(place + 1));
  const first = Number(from[place]) + (startsFull ? 0 : 1);
  const last = Number(to[place]) - (endsFull ? 0 : 1);
  const spans: DigitSpan[] = first <= last ? [{ prefix: from.slice(0, place), first, last, free }] : [];
  if (from[place] === to[place] && !(startsFull && endsFull)) return spans;
  if (!startsFull) spans.push(...spansAbove(from, place + 1));
  if (!endsFull) spans.push(...spansBelow(to, place + 1));
  return spans;
}

/** The numbers of this length that are at least `bound` and share its digits before `place`. */
function spansAbove(bound: string, place: number): DigitSpan[] {
  const spans: DigitSpan[] = [];
  for (let index = bound.length - 1; index >= place; index--) {
    const isLast = index === bound.length - 1;
    const first = Number(bound[index]) + (isLast ? 0 : 1);
    if (first <= 9) spans.push({ prefix: bound.slice(0, index), first, last: 9, free: bound.length - 1 - index });
  }
  return spans;
}

/** The numbers of this length that are at most `bound` and share its digits before `place`. */
function spansBelow(bound: string, place: number): DigitSpan[] {
  const spans: DigitSpan[] = [];
  for (let index = place; index < bound.length; index++) {
    const isLast = index === bound.length - 1;
    const last = Number(bound[index]) - (isLast ? 0 : 1);
    if (last >= 0) spans.push({ prefix: bound.slice(0, index), first: 0, last, free: bound.length - 1 - index });
  }
  return spans;
}
