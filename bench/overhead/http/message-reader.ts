/**
 * Reads HTTP/1.1 messages (RFC 9112) off a connection, however they are split on the way: the requests that the stub
 * upstream gets and the responses that the load generator gets. An HTTP library would take time from what is measured.
 */

/** Is told what a message consists of, as it comes. */
export interface MessageHandler {
  /** The head is whole: start line and header fields, without the empty line. */
  head(text: string): void;
  /** A piece of the body, its transfer coding taken off: `bytes` from `start` to `end`, good only during the call. */
  body(bytes: Buffer, start: number, end: number): void;
  /** The message is whole. */
  end(): void;
}

/** What is read next. `rest` goes on until the connection is closed. */
type State = 'head' | 'content' | 'rest' | 'size-line' | 'chunk' | 'chunk-end' | 'trailer';

const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX = 64 * 1024;
const SIZE_LINE_BYTES_MAX = 1024;
const CR = 0x0d;
const LF = 0x0a;

/** Reads the messages of one direction of one connection, one after the other. */
export class MessageReader {
  readonly #handler: MessageHandler;
  readonly #bodyWithoutLength: 'empty' | 'rest';
  #state: State = 'head';
  /** The beginning of a head or of a line that has not come whole. */
  #held: Buffer | undefined;
  /** Bytes of the content or chunk that are still to come. */
  #missing = 0;

  /** @param bodyWithoutLength What a body is whose length no header says: none in requests, all that comes in responses. */
  constructor(handler: MessageHandler, bodyWithoutLength: 'empty' | 'rest') {
    this.#handler = handler;
    this.#bodyWithoutLength = bodyWithoutLength;
  }

  /** Whether no message is half read. */
  get isBetweenMessages(): boolean {
    return this.#state === 'head' && this.#held === undefined;
  }

  /** Takes the next bytes. Throws when they are no HTTP/1.1. */
  push(bytes: Buffer): void {
    const input = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = undefined;
    let position = 0;
    while (position < input.length) {
      const next = this.#step(input, position);
      if (next === undefined) {
        // The bytes may be in a buffer that is used again.
        this.#held = Buffer.from(input.subarray(position));
        return;
      }
      position = next;
    }
  }

  /** The connection was closed. Throws when that breaks a message off. */
  close(): void {
    if (this.#state === 'rest') this.#finish();
    if (!this.isBetweenMessages) throw new Error('The connection was closed in the middle of a message.');
  }

  /** Reads one part and returns where the next begins; undefined when the part has not come whole. */
  #step(input: Buffer, start: number): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(input, start);
      case 'content':
      case 'chunk':
        return this.#readContent(input, start);
      case 'rest':
        this.#handler.body(input, start, input.length);
        return input.length;
      case 'size-line':
        return this.#readSizeLine(input, start);
      case 'chunk-end':
        return this.#readLineBreak(input, start);
      case 'trailer':
        return this.#readTrailerLine(input, start);
    }
  }

  #readHead(input: Buffer, start: number): number | undefined {
    const end = input.indexOf(HEAD_END, start, 'latin1');
    if (end === -1) {
      if (input.length - start > HEAD_BYTES_MAX) throw new Error('The head of a message does not end.');
      return undefined;
    }
    const text = input.toString('latin1', start, end);
    this.#handler.head(text);
    this.#planBody(text);
    return end + HEAD_END.length;
  }

  #planBody(head: string): void {
    if (/^transfer-encoding:[ \t]*chunked[ \t]*\r?$/im.test(head)) {
      this.#state = 'size-line';
      return;
    }
    const length = /^content-length:[ \t]*(\d+)[ \t]*\r?$/im.exec(head)?.[1];
    this.#missing = Number(length ?? 0);
    if (this.#missing > 0) this.#state = 'content';
    else if (length === undefined && this.#bodyWithoutLength === 'rest') this.#state = 'rest';
    else this.#finish();
  }

  #readContent(input: Buffer, start: number): number {
    const end = Math.min(input.length, start + this.#missing);
    this.#missing -= end - start;
    this.#handler.body(input, start, end);
    if (this.#missing > 0) return end;
    if (this.#state === 'chunk') this.#state = 'chunk-end';
    else this.#finish();
    return end;
  }

  #readSizeLine(input: Buffer, start: number): number | undefined {
    const end = findLineEnd(input, start);
    if (end === undefined) return undefined;
    this.#missing = readChunkSize(input, start, end);
    this.#state = this.#missing === 0 ? 'trailer' : 'chunk';
    return end + 1;
  }

  #readLineBreak(input: Buffer, start: number): number | undefined {
    if (input.length - start < 2) return undefined;
    if (input[start] !== CR || input[start + 1] !== LF) throw new Error('A chunk does not end where its size says.');
    this.#state = 'size-line';
    return start + 2;
  }

  #readTrailerLine(input: Buffer, start: number): number | undefined {
    const end = findLineEnd(input, start);
    if (end === undefined) return undefined;
    if (end - start <= 1) this.#finish();
    return end + 1;
  }

  #finish(): void {
    this.#state = 'head';
    this.#handler.end();
  }
}

function findLineEnd(input: Buffer, start: number): number | undefined {
  const end = input.indexOf(LF, start);
  if (end !== -1) return end;
  if (input.length - start > SIZE_LINE_BYTES_MAX) throw new Error('A line of the chunked coding does not end.');
  return undefined;
}

/** The hexadecimal size at the beginning of a line; what follows it is an extension that nobody here has. */
function readChunkSize(input: Buffer, start: number, end: number): number {
  let size = 0;
  let position = start;
  for (; position < end; position++) {
    const digit = toHexDigit(input[position]!);
    if (digit === undefined) break;
    size = size * 16 + digit;
  }
  if (position === start) throw new Error(`Not a chunk size: ${JSON.stringify(input.toString('latin1', start, end))}`);
  return size;
}

function toHexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
