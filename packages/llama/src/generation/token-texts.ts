/** Puts the bytes of tokens together to text: a character can be spread over several tokens. */
import type { TokenBytes } from '../native/token-bytes.js';

/** The text of each token that is whole characters, looked up once; for all streams together. */
export class TokenTexts {
  readonly tokenBytes: TokenBytes;
  /** Null for a token that begins or ends inside a character. */
  readonly #whole: (string | null | undefined)[];

  constructor(tokenBytes: TokenBytes, vocabularySize: number) {
    this.tokenBytes = tokenBytes;
    this.#whole = new Array(vocabularySize);
  }

  whole(token: number): string | null {
    const known = this.#whole[token];
    if (known !== undefined) return known;
    const bytes = this.tokenBytes(token);
    const isWhole = incompleteLength(bytes) === 0 && (bytes.length === 0 || !isContinuation(bytes[0]!));
    const text = isWhole ? bytes.toString('utf8') : null;
    this.#whole[token] = text;
    return text;
  }
}

/** The text of one stream of tokens. Bytes that are no UTF-8 become U+FFFD, as in every decoder. */
export class TokenDecoder {
  readonly #texts: TokenTexts;
  /** The beginning of a character whose end has not come yet; at most three bytes. */
  #tail: Buffer | undefined;

  constructor(texts: TokenTexts) {
    this.#texts = texts;
  }

  /** The text that the next token completes; empty when it completes none. */
  push(token: number): string {
    if (this.#tail === undefined) {
      const text = this.#texts.whole(token);
      if (text !== null) return text;
    }
    const bytes = Buffer.concat([this.#tail ?? NOTHING, this.#texts.tokenBytes(token)]);
    const complete = bytes.length - incompleteLength(bytes);
    this.#tail = complete === bytes.length ? undefined : bytes.subarray(complete);
    return bytes.toString('utf8', 0, complete);
  }

  /** What is left at the end of the stream: U+FFFD for a character that never ended. */
  end(): string {
    const tail = this.#tail;
    this.#tail = undefined;
    return tail === undefined ? '' : tail.toString('utf8');
  }
}

const NOTHING = Buffer.alloc(0);

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** How many bytes at the end are the beginning of a character whose end is missing: 0 to 3. */
function incompleteLength(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!;
    if (isContinuation(byte)) continue;
    const needed = byte >= 0xf0 && byte < 0xf8 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return byte < 0xf8 && needed > length ? length : 0;
  }
  return 0;
}
