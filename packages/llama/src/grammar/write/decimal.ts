/** Numbers as decimal fractions of any length, so that ranges are exact. */

/** `scaled` divided by ten to the power of `places`. */
export interface Decimal {
  readonly scaled: bigint;
  readonly places: number;
}

/** The decimal that JavaScript writes for a number; it rounds to that number again. */
export function toDecimal(value: number): Decimal {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  const places = fraction.length - Number(exponent);
  const digits = BigInt(`${sign}${whole}${fraction}`);
  return places >= 0 ? { scaled: digits, places } : { scaled: digits * 10n ** BigInt(-places), places: 0 };
}

/** The same number with more places. */
export function withPlaces({ scaled, places }: Decimal, wanted: number): Decimal {
  return { scaled: scaled * 10n ** BigInt(wanted - places), places: wanted };
}

/** Digits before and after the point of a number that is not negative; the latter without zeros at the end. */
export function digitsOf({ scaled, places }: Decimal): { whole: bigint; fraction: string } {
  const divisor = 10n ** BigInt(places);
  const fraction = places === 0 ? '' : String(scaled % divisor).padStart(places, '0');
  return { whole: scaled / divisor, fraction: fraction.replace(/0+$/, '') };
}

export function compare(left: Decimal, right: Decimal): number {
  const places = Math.max(left.places, right.places);
  const difference = withPlaces(left, places).scaled - withPlaces(right, places).scaled;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
