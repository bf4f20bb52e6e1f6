/** Sets of Unicode scalar values, as sorted ranges that neither overlap nor touch. */
import type { Range } from '../node.js';

/** Everything that UTF-8 can write: surrogates are no characters. */
export const ALL_CODE_POINTS: readonly Range[] = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** Puts ranges in order and joins those that overlap or touch. Surrogates are left out. */
export function unite(ranges: readonly Range[]): Range[] {
  const sorted = intersect(
    [...ranges].filter(([first, last]) => first <= last).sort(([left], [right]) => left - right),
    ALL_CODE_POINTS,
  );
  const united: [number, number][] = [];
  for (const [first, last] of sorted.sort(([left], [right]) => left - right)) {
    const previous = united.at(-1);
    if (previous === undefined || first > previous[1] + 1) united.push([first, last]);
    else previous[1] = Math.max(previous[1], last);
  }
  return united;
}

/** Everything that is not in some united ranges. */
export function complement(ranges: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  rest.push([next, 0x10ffff]);
  return unite(rest);
}

/** What is in both of two lists of ranges. */
export function intersect(left: readonly Range[], right: readonly Range[]): Range[] {
  const common: Range[] = [];
  for (const [first, last] of left) {
    for (const [from, to] of right) {
      if (first <= to && from <= last) common.push([Math.max(first, from), Math.min(last, to)]);
    }
  }
  return common;
}
