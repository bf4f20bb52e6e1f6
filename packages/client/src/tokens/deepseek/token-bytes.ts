/** From tokens back to text. */
import { KitError } from '../../errors/kit-error.js';
import { nameOfMarker } from './markers.js';
import { FIRST_BYTE, FIRST_MERGE, tokensOfBytes, type Vocabulary } from './vocabulary.js';

export class TokenBytes {
  readonly #vocabulary: Vocabulary;
  readonly #bytes = new Uint8Array(FIRST_MERGE);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    tokensOfBytes().forEach((token, byte) => {
      this.#bytes[token] = byte;
    });
  }

  /** The text of tokens. Bytes that are no UTF-8, as where a character was cut, become U+FFFD. */
  decode(tokens: Iterable<number>): string {
    const bytes: number[] = [];
    for (const token of tokens) {
      const marker = nameOfMarker(token);
      if (marker === undefined) this.#append(token, bytes);
      else bytes.push(...new TextEncoder().encode(marker));
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  #append(token: number, bytes: number[]): void {
    const { left, right } = this.#vocabulary;
    const isToken = Number.isInteger(token) && token >= FIRST_BYTE && token < FIRST_MERGE + left.length;
    if (!isToken)
      throw new KitError('invalid_input', `${token} is no token of this vocabulary. Decode what it encoded.`);
    const parts = [token];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const merge = part - FIRST_MERGE;
      if (merge < 0) bytes.push(this.#bytes[part]!);
      else parts.push(right[merge]!, left[merge]!);
    }
  }
}
