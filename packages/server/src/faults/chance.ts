/** Chance that repeats itself: the n-th draw of a rule is always the same, whatever was drawn elsewhere. */

/**
 * The n-th draw, evenly from [0, 1), of a seed (an integer from 0 to 2³²−1) and a name: Mulberry32, whose state is a
 * counter, so that no draw has to be made to know a later one.
 */
export function drawChance(seed: number, name: string, n: number): number {
  let bits = (Math.imul(n, 0x6d2b79f5) + mixName(seed, name)) | 0;
  bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
}

/** Rules with the same seed are not to fail together: FNV-1a over the name, begun with the seed. */
function mixName(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
