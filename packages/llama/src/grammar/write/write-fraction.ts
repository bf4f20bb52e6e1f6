/**
 * The digits after a decimal point, with bounds. Bounds are digits without zeros at the end; an empty one is zero. A
 * fraction may be left out where it may be zero.
 */
import { choice, EMPTY, NEVER, type Node, oneOf, optional, repeat, sequence, text } from '../node.js';

/** Digits that follow where the bounds are no longer in question. */
const FREE_DIGITS = 8;

const DIGIT = oneOf([0x30, 0x39]);
const FREE = repeat(DIGIT, 0, FREE_DIGITS);

export function writeFractionAtLeast(bound: string): Node {
  if (bound === '') return optional(sequence(text('.'), repeat(DIGIT, 1, FREE_DIGITS)));
  return sequence(text('.'), atLeast(bound));
}

export function writeFractionAtMost(bound: string): Node {
  return bound === '' ? EMPTY : optional(sequence(text('.'), atMost(bound)));
}

export function writeFractionBetween(low: string, high: string): Node {
  if (low > high) return NEVER;
  if (low === '') return writeFractionAtMost(high);
  const length = Math.max(low.length, high.length);
  return sequence(text('.'), between(low.padEnd(length, '0'), high.padEnd(length, '0')));
}

function atLeast(bound: string): Node {
  if (/^0*$/.test(bound)) return FREE;
  const digit = Number(bound[0]);
  return choice(above(digit, 9), sequence(text(bound[0]!), atLeast(bound.slice(1))));
}

function atMost(bound: string): Node {
  const digit = Number(bound[0]);
  const rest = bound.slice(1);
  return choice(above(-1, digit - 1), sequence(text(bound[0]!), rest === '' ? EMPTY : optional(atMost(rest))));
}

/** At least one digit, of which `low` and `high` have the same number. */
function between(low: string, high: string): Node {
  const first = Number(low[0]);
  const last = Number(high[0]);
  const lowRest = low.slice(1);
  const highRest = high.slice(1);
  if (first === last) return sequence(text(low[0]!), betweenRest(lowRest, highRest));
  return choice(
    sequence(text(low[0]!), atLeast(lowRest)),
    above(first, last - 1),
    sequence(text(high[0]!), highRest === '' ? EMPTY : optional(atMost(highRest))),
  );
}

function betweenRest(low: string, high: string): Node {
  if (high === '') return EMPTY;
  return /^0*$/.test(low) ? optional(between(low, high)) : between(low, high);
}

/** A digit above `digit` and at most `last`, and any digits after it. */
function above(digit: number, last: number): Node {
  return digit >= last ? NEVER : sequence(oneOf([0x31 + digit, 0x30 + last]), FREE);
}
