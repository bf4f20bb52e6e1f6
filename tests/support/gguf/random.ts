/** Random numbers that are the same in every run. */

/** Evenly spread numbers of mean 0 and variance 1, by xorshift32. */
export function createRandom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 31 - 1) * Math.sqrt(3);
  };
}
