/** Takes the chunked transfer coding (RFC 9112, section 7.1) off a response body. */

const CR = 0x0d;
const LF = 0x0a;

/** Decodes one body, however it is split on the way. Trailer fields are not expected. */
export class ChunkedDecoder {
  readonly #handle: (bytes: Buffer) => void;
  #sizeLine = '';
  /** Bytes of the current chunk that are still to come, its closing line break not counted. */
  #missing = 0;
  #skipLineBreak = false;
  #ended = false;

  /** `handle` receives the content piece by piece. */
  constructor(handle: (bytes: Buffer) => void) {
    this.#handle = handle;
  }

  /** Whether the last chunk has been seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the next bytes of the body. Throws when a chunk size is not a number. */
  push(bytes: Buffer): void {
    let position = 0;
    while (position < bytes.length && !this.#ended) {
      if (this.#missing > 0) position = this.#readContent(bytes, position);
      else position = this.#readSizeLine(bytes, position);
    }
  }

  #readContent(bytes: Buffer, from: number): number {
    const content = bytes.subarray(from, from + this.#missing);
    this.#missing -= content.length;
    this.#skipLineBreak = this.#missing === 0;
    this.#handle(content);
    return from + content.length;
  }

  #readSizeLine(bytes: Buffer, from: number): number {
    for (let position = from; position < bytes.length; position++) {
      const byte = bytes[position]!;
      if (byte === CR) continue;
      if (byte !== LF) this.#sizeLine += String.fromCharCode(byte);
      else if (this.#skipLineBreak) this.#skipLineBreak = false;
      else {
        this.#startChunk();
        return position + 1;
      }
    }
    return bytes.length;
  }

  #startChunk(): void {
    this.#missing = Number.parseInt(this.#sizeLine, 16);
    if (Number.isNaN(this.#missing)) throw new Error(`Not a chunk size: ${JSON.stringify(this.#sizeLine)}`);
    this.#ended = this.#missing === 0;
    this.#sizeLine = '';
  }
}
