/** Cuts the bytes of an event stream behind its events, so that what is passed on never ends within one. */

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The most bytes of one event that are kept until it is complete. */
export const EVENT_BYTES_MAX = 16 * 1024 * 1024;

export class RawEvents {
  /** Bytes of the event that is not complete yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Where the last line of `rest` begins. */
  #line = 0;

  /**
   * Takes the next bytes. Returns the events that they complete, each with the blank line at its end; together they are
   * the bytes that came.
   *
   * @throws RangeError when an event is larger than EVENT_BYTES_MAX.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = this.#rest.length === 0 ? bytes : join(this.#rest, bytes);
    const events: Uint8Array[] = [];
    let start = 0;
    let line = this.#line;
    for (let end = endOfLine(all, line); end !== -1; end = endOfLine(all, line)) {
      const next = skipLineEnd(all, end);
      // A carriage return at the very end: whether a line feed belongs to it is not known yet.
      if (next === undefined) break;
      if (end === line) {
        events.push(all.subarray(start, next));
        start = next;
      }
      line = next;
    }
    this.#rest = all.slice(start);
    this.#line = line - start;
    if (this.#rest.length > EVENT_BYTES_MAX) {
      throw new RangeError(`A server-sent event is larger than ${EVENT_BYTES_MAX} bytes.`);
    }
    return events;
  }

  /** What has come of an event that never ended. */
  get rest(): Uint8Array {
    return this.#rest;
  }
}

function endOfLine(bytes: Uint8Array, from: number): number {
  for (let place = from; place < bytes.length; place++) {
    if (bytes[place] === LINE_FEED || bytes[place] === CARRIAGE_RETURN) return place;
  }
  return -1;
}

function skipLineEnd(bytes: Uint8Array, end: number): number | undefined {
  if (bytes[end] === LINE_FEED) return end + 1;
  if (end + 1 === bytes.length) return undefined;
  return bytes[end + 1] === LINE_FEED ? end + 2 : end + 1;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
