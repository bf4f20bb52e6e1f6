/** Sources of chance: each purpose, and each request, has its own, so that one does not shift what another draws. */
import { seededRandom } from '@plumb/client/plan';

/** A source of numbers from 0 to below 1. */
export type Random = () => number;

/** The source for a purpose, such as `arrivals`, or for the request with a number. */
export function randomFor(seed: number, purpose: string, number = 0): Random {
  let mixed = mix(seed ^ 0x9e3779b9);
  for (const character of purpose) mixed = mix(mixed ^ (character.codePointAt(0) ?? 0));
  return seededRandom(mix(mixed ^ number));
}

/** Draws from the exponential distribution with mean 1. */
export function drawExponential(random: Random): number {
  return -Math.log(1 - random());
}

/** Draws one of several by their weights. There must be one at least. */
export function drawWeighted<Item>(items: readonly { item: Item; weight: number }[], random: Random): Item {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  const found = items.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return (found ?? items[items.length - 1]!).item;
}

/** Spreads the bits of a number (the finish of MurmurHash3). */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
