/** Reads server-sent events as the WHATWG HTML standard says (section 9.2.6, "Interpreting an event stream"). */

/** The largest event that is read, unless another limit is given: an answer of the most tokens fits many times. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** One event. */
export interface ServerSentEvent {
  /** The name of the event; `message` when none was sent. */
  readonly event: string;
  /** The data, its lines joined by line feeds. */
  readonly data: string;
  /** The last id that was sent, with this event or an earlier one; empty when there was none. */
  readonly id: string;
}

/**
 * Turns bytes into events, wherever the bytes are cut. Only what belongs to the event that is not complete yet is kept,
 * at most `maxEventBytes` of it.
 */
export class EventDecoder {
  /** How long a client should wait before it connects again, in milliseconds, once the stream has said so. */
  reconnectionTimeMs: number | undefined;

  readonly #maxEventBytes: number;
  /** Room for the line that has not ended yet, and how much of it is used. */
  #line = new Uint8Array(0);
  #lineBytes = 0;
  /** The bytes of the lines that the current event already has. */
  #eventBytes = 0;
  #event = '';
  #data: string[] = [];
  #id = '';
  #isFirstLine = true;
  /** A line feed that follows a carriage return belongs to it, also when it comes with the next bytes. */
  #skipLineFeed = false;

  constructor(maxEventBytes: number = MAX_EVENT_BYTES) {
    this.#maxEventBytes = maxEventBytes;
  }

  /**
   * Takes the next bytes and returns the events that they complete. The bytes are copied where they are kept.
   *
   * @throws RangeError when an event is larger than `maxEventBytes`; the decoder is of no use after that.
   */
  push(bytes: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let start = 0;
    if (this.#skipLineFeed && bytes.length > 0) {
      this.#skipLineFeed = false;
      if (bytes[0] === LINE_FEED) start = 1;
    }
    const ends = new LineEnds(bytes, start);
    for (let end = ends.next(start); end < bytes.length; end = ends.next(start)) {
      this.#endLine(bytes.subarray(start, end), events);
      start = end + 1;
      if (bytes[end] !== CARRIAGE_RETURN) continue;
      if (start === bytes.length) this.#skipLineFeed = true;
      else if (bytes[start] === LINE_FEED) start += 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
    return events;
  }

  /**
   * Ends the stream. Returns whether it ended between two events; one that was cut short is dropped, as the standard
   * says.
   */
  end(): boolean {
    const isComplete = this.#lineBytes === 0 && this.#eventBytes === 0;
    this.#clearLine();
    this.#clearEvent();
    return isComplete;
  }

  /** Copies the beginning, or a further piece, of a line that has not ended. */
  #keep(piece: Uint8Array): void {
    const length = this.#lineBytes + piece.length;
    this.#checkSize(length);
    if (length > this.#line.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#line.length));
      larger.set(this.#line.subarray(0, this.#lineBytes));
      this.#line = larger;
    }
    this.#line.set(piece, this.#lineBytes);
    this.#lineBytes = length;
  }

  #checkSize(lineBytes: number): void {
    if (this.#eventBytes + lineBytes > this.#maxEventBytes) {
      throw new RangeError(`A server-sent event is larger than ${this.#maxEventBytes} bytes.`);
    }
  }

  #endLine(lastPiece: Uint8Array, events: ServerSentEvent[]): void {
    const bytes = this.#takeLine(lastPiece);
    const line = this.#decode(bytes);
    if (line === '') {
      this.#dispatch(events);
    } else if (!line.startsWith(':')) {
      this.#eventBytes += bytes.length;
      this.#readField(line);
    }
  }

  #takeLine(lastPiece: Uint8Array): Uint8Array {
    if (this.#lineBytes === 0) {
      this.#checkSize(lastPiece.length);
      return lastPiece;
    }
    this.#keep(lastPiece);
    const line = this.#line.subarray(0, this.#lineBytes);
    this.#clearLine();
    return line;
  }

  /** A line can be decoded by itself: no character of UTF-8 has a line end among its bytes. */
  #decode(bytes: Uint8Array): string {
    const line = LINE_DECODER.decode(bytes);
    if (!this.#isFirstLine) return line;
    this.#isFirstLine = false;
    return line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line;
  }

  #readField(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1);
    this.#setField(name, value.startsWith(' ') ? value.slice(1) : value);
  }

  #setField(name: string, value: string): void {
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.reconnectionTimeMs = Number(value);
  }

  #dispatch(events: ServerSentEvent[]): void {
    if (this.#data.length > 0) {
      events.push({ event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n'), id: this.#id });
    }
    this.#clearEvent();
  }

  #clearLine(): void {
    this.#line = new Uint8Array(0);
    this.#lineBytes = 0;
  }

  #clearEvent(): void {
    this.#eventBytes = 0;
    this.#event = '';
    this.#data = [];
  }
}

/** Lines are decoded whole, so that all streams can share it. */
const LINE_DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = '\ufeff';

/** Where lines end in some bytes. Each kind of end is searched for once past the last find, not once for each line. */
class LineEnds {
  readonly #bytes: Uint8Array;
  #lineFeed: number;
  #carriageReturn: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#lineFeed = this.#find(LINE_FEED, start);
    this.#carriageReturn = this.#find(CARRIAGE_RETURN, start);
  }

  /** The first line end from `start` on, or the number of bytes when there is none. */
  next(start: number): number {
    if (this.#lineFeed < start) this.#lineFeed = this.#find(LINE_FEED, start);
    if (this.#carriageReturn < start) this.#carriageReturn = this.#find(CARRIAGE_RETURN, start);
    return Math.min(this.#lineFeed, this.#carriageReturn);
  }

  #find(byte: number, start: number): number {
    const index = this.#bytes.indexOf(byte, start);
    return index === -1 ? this.#bytes.length : index;
  }
}
