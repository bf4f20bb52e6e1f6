/** Names requests, by which a client, the log and an operator speak of the same one. */
import { randomFillSync } from 'node:crypto';

/** Random bytes of an id; it has two hexadecimal digits for each. */
const ID_BYTES = 16;
/** How many ids are drawn at once: asking the source of randomness for each of them costs a microsecond. */
const IDS_AT_ONCE = 128;

/** Ids of 128 random bits: no two ever meet. They say nothing and protect nothing. */
export class TraceIds {
  readonly #bytes = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
  #used = ID_BYTES * IDS_AT_ONCE;

  /** 32 hexadecimal digits. */
  next(): string {
    if (this.#used === this.#bytes.length) {
      randomFillSync(this.#bytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += ID_BYTES;
    return this.#bytes.toString('hex', start, this.#used);
  }
}
