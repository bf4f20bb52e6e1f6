/** Numbers that look random and are the same for the same seed. */
import { createHash } from 'node:crypto';

/** The generator sfc32: small, fast, and good enough for texts and delays. Nothing secret may depend on it. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param seed Any value that JSON can write. */
  constructor(seed: unknown) {
    const digest = createHash('sha256')
      .update(JSON.stringify(seed) ?? '')
      .digest();
    this.#a = digest.readUInt32LE(0);
    this.#b = digest.readUInt32LE(4);
    this.#c = digest.readUInt32LE(8);
  }

  /** From 0 up to and without 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both among them. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.integer(0, items.length - 1)]!;
  }

  /** Normally distributed, with the mean 0 and the deviation 1. */
  gauss(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
