/** Amounts of money: whole nano-units of the currency in a bigint, so that no sum is ever rounded. */

/** Nano-units: 1,000,000,000 are one unit of the currency, such as 1 USD. */
export type Money = bigint;

export const NANO_PER_UNIT = 1_000_000_000n;

const NANO_PER_CENT = NANO_PER_UNIT / 100n;

/** Decimal places of an amount at most. */
const NANO_DIGITS = 9;

/** The most that one amount can be, in nano-units: a billion units. A 64-bit sum of billions of them cannot overflow. */
export const AMOUNT_MAX: Money = 1_000_000_000n * NANO_PER_UNIT;

/** The longest piece of a wrong amount that a message repeats, in characters. */
const QUOTED_CHARACTERS_MAX = 40;

/** A text that is no amount. */
export class AmountError extends Error {
  override readonly name = 'AmountError';
}

/**
 * Reads an amount such as `10`, `0.25` or `1234.5`: digits, and at most nine decimal places. Throws an AmountError for
 * anything else, for nothing at all (0), and for more than a billion units.
 */
export function readAmount(text: string): Money {
  const [, units = '', decimals = ''] = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(text.trim()) ?? [];
  if (units === '') throw new AmountError(`"${quote(text)}" is no amount: write it like 10 or 0.25.`);
  const amount = BigInt(units) * NANO_PER_UNIT + BigInt(decimals.padEnd(NANO_DIGITS, '0'));
  if (amount === 0n) throw new AmountError('The amount is 0: it must be more.');
  if (amount > AMOUNT_MAX) throw new AmountError('The amount is more than a billion: it must be less.');
  return amount;
}

/** The exact amount with at least two decimal places: `10.00`, `0.000000003`, `-1.50`. */
export function formatAmount(amount: Money): string {
  const digits = absolute(amount)
    .toString()
    .padStart(NANO_DIGITS + 1, '0');
  const units = digits.slice(0, -NANO_DIGITS);
  const decimals = digits.slice(-NANO_DIGITS).replace(/0{1,7}$/, '');
  return `${amount < 0n ? '-' : ''}${units}.${decimals}`;
}

/** The amount with two decimal places, rounded down, so that it never shows what is not there (contract section 1.5). */
export function formatCents(amount: Money): string {
  const cents = floorDivide(amount, NANO_PER_CENT);
  const digits = absolute(cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The amount down to whole hundredths: what `formatCents` shows, exactly. */
export function floorToCents(amount: Money): Money {
  return floorDivide(amount, NANO_PER_CENT) * NANO_PER_CENT;
}

/** A configured number of units as an amount: exact for as many as nine decimal places below a million units. */
export function toMoney(units: number): Money {
  return BigInt(Math.round(units * Number(NANO_PER_UNIT)));
}

/** The beginning of a text, without what a terminal would act on. */
function quote(text: string): string {
  return text.slice(0, QUOTED_CHARACTERS_MAX).replace(/\p{C}/gu, '\u{FFFD}');
}

function absolute(amount: Money): Money {
  return amount < 0n ? -amount : amount;
}

function floorDivide(amount: Money, divisor: Money): Money {
  const quotient = amount / divisor;
  return amount < 0n && quotient * divisor !== amount ? quotient - 1n : quotient;
}
