/** Numbers: whole ones exactly, others as decimals without an exponent where they have bounds. */
import type { Grammar } from '../grammar.js';
import { choice, EMPTY, NEVER, type Node, oneOf, optional, repeat, sequence, text } from '../node.js';
import { Unenforceable } from '../unenforceable.js';
import { compare, type Decimal, digitsOf, toDecimal, withPlaces } from './decimal.js';
import { type DigitSpan, spansBetween } from './digit-spans.js';
import { writeFractionAtLeast, writeFractionAtMost, writeFractionBetween } from './write-fraction.js';

/** What a number has to be; `above` and `below` are bounds that are not allowed themselves. */
export interface NumberRules {
  readonly isInteger: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly above: number | undefined;
  readonly below: number | undefined;
  /** The number is a multiple of this whole number; 1 for all. */
  readonly multipleOf: number;
}

/** Digits of a whole number without a bound on that side: the identifiers of the largest services fit. */
const WHOLE_DIGITS = 20;
/** Whole numbers of so many digits are exact wherever they are read. */
const EXACT_DIGITS = 15;
/** Digits after the point. */
const FRACTION_DIGITS = 16;
/** Digits by which a number must at least differ from a bound that is not allowed itself, where the size leaves them. */
const STEP_DIGITS = 6;

export const DIGIT = oneOf([0x30, 0x39]);

/** @throws Unenforceable when bounds are too close to what a double can tell apart. */
export function writeNumber(grammar: Grammar, rules: NumberRules): Node {
  if (rules.isInteger || rules.multipleOf !== 1) return writeWhole(grammar, rules);
  const { min, max, above, below } = rules;
  if ([min, max, above, below].every((bound) => bound === undefined)) return writeAny(grammar);
  return grammar.define(writeDecimals(lowest(min, above), highest(max, below)));
}

function writeAny(grammar: Grammar): Node {
  return grammar.share('number', () => {
    const sign = oneOf([0x2b, 0x2b], [0x2d, 0x2d]);
    const exponent = sequence(oneOf([0x45, 0x45], [0x65, 0x65]), optional(sign), repeat(DIGIT, 1, 2));
    return sequence(optional(text('-')), writeWholePart(), optional(anyFraction()), optional(exponent));
  });
}

function writeWholePart(): Node {
  return choice(text('0'), sequence(oneOf([0x31, 0x39]), repeat(DIGIT, 0, WHOLE_DIGITS - 1)));
}

function anyFraction(): Node {
  return sequence(text('.'), repeat(DIGIT, 1, FRACTION_DIGITS));
}

// Whole numbers.

function writeWhole(grammar: Grammar, rules: NumberRules): Node {
  const { multipleOf } = rules;
  const unbounded = 10n ** BigInt(multipleOf === 1 ? WHOLE_DIGITS : EXACT_DIGITS) - 1n;
  const low = firstWhole(rules);
  const high = lastWhole(rules);
  const from = low ?? -largest(unbounded, high);
  const to = high ?? largest(unbounded, low);
  if (multipleOf !== 1 && (largest(unbounded, from) > unbounded || largest(unbounded, to) > unbounded)) {
    throw new Unenforceable(`has \`multipleOf\` with a bound of more than ${EXACT_DIGITS} digits`);
  }
  const write = (span: DigitSpan) => writeSpan(grammar, span, multipleOf);
  const positive = to < 0n ? [] : spansBetween(from > 0n ? from : 0n, to).map(write);
  const negative = from >= 0n ? [] : spansBetween(to < 0n ? -to : 1n, -from).map(write);
  return grammar.define(choice(...positive, sequence(text('-'), choice(...negative))));
}

/** The number, or the other one's size with a digit more, if that is larger. */
function largest(unbounded: bigint, other: bigint | undefined): bigint {
  if (other === undefined) return unbounded;
  const size = other < 0n ? -other : other;
  return size > unbounded ? size * 10n : unbounded;
}

function firstWhole({ min, above }: NumberRules): bigint | undefined {
  const bounds = [];
  if (min !== undefined) bounds.push(BigInt(Math.ceil(min)));
  if (above !== undefined) bounds.push(BigInt(Math.floor(above)) + 1n);
  return bounds.sort(compareWhole).at(-1);
}

function lastWhole({ max, below }: NumberRules): bigint | undefined {
  const bounds = [];
  if (max !== undefined) bounds.push(BigInt(Math.floor(max)));
  if (below !== undefined) bounds.push(BigInt(Math.ceil(below)) - 1n);
  return bounds.sort(compareWhole)[0];
}

function compareWhole(left: bigint, right: bigint): number {
  return left < right ? -1 : 1;
}

function writeSpan(grammar: Grammar, { prefix, first, last, free }: DigitSpan, multipleOf: number): Node {
  if (multipleOf === 1) return sequence(text(prefix), digits(first, last), repeat(DIGIT, free, free));
  const nodes: Node[] = [];
  for (let digit = first; digit <= last; digit++) {
    const missing = (BigInt(prefix + digit) * 10n ** BigInt(free)) % BigInt(multipleOf);
    nodes.push(sequence(text(prefix + digit), writeDivisible(grammar, free, Number(missing), multipleOf)));
  }
  return choice(...nodes);
}

/** So many digits whose number and `remainder` together are a multiple. */
function writeDivisible(grammar: Grammar, count: number, remainder: number, multipleOf: number): Node {
  if (count === 0) return remainder === 0 ? EMPTY : NEVER;
  return grammar.share(`multiple ${multipleOf} ${count} ${remainder}`, () => {
    const weight = Number(10n ** BigInt(count - 1) % BigInt(multipleOf));
    const nodes: Node[] = [];
    for (let digit = 0; digit <= 9; digit++) {
      const rest = writeDivisible(grammar, count - 1, (remainder + digit * weight) % multipleOf, multipleOf);
      nodes.push(sequence(text(String(digit)), rest));
    }
    return choice(...nodes);
  });
}

function digits(first: number, last: number): Node {
  return oneOf([0x30 + first, 0x30 + last]);
}

// Decimals.

/** The largest number where there is no bound on a side: 15 digits. */
const LARGEST: Decimal = { scaled: 10n ** BigInt(EXACT_DIGITS) - 1n, places: 0 };

function lowest(min: number | undefined, above: number | undefined): Decimal | undefined {
  const bounds = [...(min === undefined ? [] : [toDecimal(min)]), ...(above === undefined ? [] : [step(above, 1n)])];
  return bounds.sort(compare).at(-1);
}

function highest(max: number | undefined, below: number | undefined): Decimal | undefined {
  const bounds = [...(max === undefined ? [] : [toDecimal(max)]), ...(below === undefined ? [] : [step(below, -1n)])];
  return bounds.sort(compare)[0];
}

/**
 * The next decimal beside a bound, in steps that leave at most 15 digits: decimals of so many digits are all different
 * doubles, so that it is another number than the bound also once it has been read.
 */
function step(bound: number, direction: 1n | -1n): Decimal {
  const { scaled, places } = toDecimal(bound);
  const wholeDigits = String(digitsOf({ scaled: magnitude(scaled), places }).whole).length;
  const wanted = Math.min(STEP_DIGITS, EXACT_DIGITS - wholeDigits);
  if (wanted < 0) throw new Unenforceable(`has an exclusive bound of more than ${EXACT_DIGITS} digits`);
  if (places <= wanted) return { scaled: withPlaces({ scaled, places }, wanted).scaled + direction, places: wanted };
  const divisor = 10n ** BigInt(places - wanted);
  const remainder = ((scaled % divisor) + divisor) % divisor;
  const below = (scaled - remainder) / divisor;
  if (direction > 0n) return { scaled: below + 1n, places: wanted };
  return { scaled: remainder === 0n ? below - 1n : below, places: wanted };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function negate({ scaled, places }: Decimal): Decimal {
  return { scaled: -scaled, places };
}

const ZERO: Decimal = { scaled: 0n, places: 0 };

function writeDecimals(from: Decimal | undefined, to: Decimal | undefined): Node {
  const low = from ?? (to !== undefined && compare(to, negate(LARGEST)) < 0 ? tenfold(to) : negate(LARGEST));
  const high = to ?? (compare(low, LARGEST) > 0 ? tenfold(low) : LARGEST);
  if (compare(low, high) > 0) return NEVER;
  const positive = compare(high, ZERO) < 0 ? NEVER : writeMagnitudes(compare(low, ZERO) > 0 ? low : ZERO, high);
  const negative =
    compare(low, ZERO) >= 0 ? NEVER : writeMagnitudes(compare(high, ZERO) < 0 ? negate(high) : ZERO, negate(low));
  return choice(positive, sequence(text('-'), negative));
}

function tenfold({ scaled, places }: Decimal): Decimal {
  return { scaled: scaled * 10n, places };
}

/** Decimals from `low` to `high`, which are not negative. */
function writeMagnitudes(low: Decimal, high: Decimal): Node {
  const first = digitsOf(low);
  const last = digitsOf(high);
  if (first.whole === last.whole) {
    return sequence(text(String(first.whole)), writeFractionBetween(first.fraction, last.fraction));
  }
  const between = spansBetween(first.whole + 1n, last.whole - 1n).map((span) =>
    sequence(text(span.prefix), digits(span.first, span.last), repeat(DIGIT, span.free, span.free)),
  );
  return choice(
    sequence(text(String(first.whole)), writeFractionAtLeast(first.fraction)),
    sequence(choice(...between), writeFractionAtLeast('')),
    sequence(text(String(last.whole)), writeFractionAtMost(last.fraction)),
  );
}
