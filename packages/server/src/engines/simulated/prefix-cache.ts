/** What a prefix cache would hold: remembers blocks of prompts by what they are and by all that stands before them. */

/** Tokens of a block: a shorter rest is neither kept nor found. DeepSeek documented this unit. */
export const BLOCK_TOKENS = 64;

/** The blocks that were used longest ago are forgotten first. */
export class PrefixCache {
  readonly #blocksMax: number;
  /** In the order of their last use. */
  readonly #blocks = new Set<number>();

  /** @param tokensMax How many tokens it remembers at most; rounded down to whole blocks. */
  constructor(tokensMax: number) {
    this.#blocksMax = Math.floor(tokensMax / BLOCK_TOKENS);
  }

  /**
   * How many tokens at the beginning of a prompt are known within a scope: whole blocks, and never all of it, because the
   * last token has to be read to go on from it.
   */
  find(scope: string, ids: readonly number[]): number {
    let known = 0;
    for (const block of blocksOf(scope, ids)) {
      if ((known + 1) * BLOCK_TOKENS >= ids.length || !this.#blocks.has(block)) break;
      this.#touch(block);
      known += 1;
    }
    return known * BLOCK_TOKENS;
  }

  /** Remembers the whole blocks of a text within a scope. */
  keep(scope: string, ids: readonly number[]): void {
    for (const block of blocksOf(scope, ids)) this.#touch(block);
  }

  #touch(block: number): void {
    this.#blocks.delete(block);
    this.#blocks.add(block);
    if (this.#blocks.size <= this.#blocksMax) return;
    const [oldest] = this.#blocks;
    if (oldest !== undefined) this.#blocks.delete(oldest);
  }
}

/** The names of whole blocks, each of which depends on those before it. */
function* blocksOf(scope: string, ids: readonly number[]): Generator<number> {
  const name = new Fingerprint();
  for (let place = 0; place < scope.length; place++) name.add(scope.charCodeAt(place));
  for (let place = 0; place < ids.length; place++) {
    name.add(ids[place]!);
    if ((place + 1) % BLOCK_TOKENS === 0) yield name.value;
  }
}

/** A fingerprint of 53 bits, which JavaScript keeps in a number: two chains of 32 that differ in their factors. */
class Fingerprint {
  #one = 0x811c9dc5;
  #other = 0x9e3779b9;

  add(number: number): void {
    this.#one = Math.imul(this.#one ^ number, 0x01000193);
    this.#other = Math.imul(this.#other ^ number, 0x85ebca6b);
    this.#other ^= this.#other >>> 13;
  }

  get value(): number {
    return (this.#one >>> 0) * 2 ** 21 + (this.#other >>> 11);
  }
}
