/** Whole numbers of a database as JavaScript has them, the same for every dialect. */

/** The integer as a number while that is exact, else as it is. */
export function toExactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
