/** Follows a stream of server-sent events without reading its JSON: how many, how late, and whether it ended. */

/** Is told of each event that carries a chunk of the answer. */
export interface EventHandler {
  /** `sentUs`: when the stub sent it, by its own stamp; undefined for chunks that carry none. */
  chunk(sentUs: number | undefined): void;
  /** `data: [DONE]` came. */
  done(): void;
}

/** Stands before the time of sending in the text of a chunk, where no JSON has to escape it. */
export const STAMP_MARK = '~';
/** Digits of that time, in microseconds of the monotonic clock, which all processes of a machine share. */
export const STAMP_DIGITS = 16;

const EVENT_END = Buffer.from('\n\n');
const MARK_BYTE = STAMP_MARK.charCodeAt(0);
const OPENING_BRACKET = 0x5b;
const LETTER_D = 0x64;
const DATA_PREFIX_LENGTH = 'data: '.length;

/** Counts the events of one stream. */
export class EventCounter {
  readonly #handler: EventHandler;
  readonly #isStamped: boolean;
  #held: Buffer | undefined;

  /** @param isStamped Whether chunks may carry the time of sending; to look for it where it cannot be would take long. */
  constructor(handler: EventHandler, isStamped: boolean) {
    this.#handler = handler;
    this.#isStamped = isStamped;
  }

  /** Forgets what is left of the last stream. */
  reset(): void {
    this.#held = undefined;
  }

  /** Takes the next bytes of the body; they may be overwritten afterwards. */
  push(bytes: Buffer, start: number, end: number): void {
    let input = bytes;
    let position = start;
    let limit = end;
    if (this.#held !== undefined) {
      input = Buffer.concat([this.#held, bytes.subarray(start, end)]);
      position = 0;
      limit = input.length;
      this.#held = undefined;
    }
    while (position < limit) {
      const eventEnd = input.indexOf(EVENT_END, position);
      if (eventEnd === -1 || eventEnd + EVENT_END.length > limit) break;
      this.#readEvent(input, position, eventEnd);
      position = eventEnd + EVENT_END.length;
    }
    if (position < limit) this.#held = Buffer.from(input.subarray(position, limit));
  }

  /** Comments, such as keep-alives, are no chunks. */
  #readEvent(input: Buffer, start: number, end: number): void {
    if (input[start] !== LETTER_D) return;
    if (input[start + DATA_PREFIX_LENGTH] === OPENING_BRACKET) this.#handler.done();
    else this.#handler.chunk(this.#isStamped ? readStamp(input, start, end) : undefined);
  }
}

function readStamp(input: Buffer, start: number, end: number): number | undefined {
  const mark = input.indexOf(MARK_BYTE, start);
  if (mark === -1 || mark + STAMP_DIGITS >= end) return undefined;
  const stamp = Number(input.toString('latin1', mark + 1, mark + 1 + STAMP_DIGITS));
  return Number.isNaN(stamp) ? undefined : stamp;
}
