/**
 * Most chunks of a stream differ in one text alone. Those that are the same bytes before and after the text as one of a
 * known form are written by exchanging what is around it, without being looked at any closer. Whatever is not certain to
 * give the same bytes that way is left to be read the slow way.
 */
import type { ChunkWriter } from '@plumb/wire';
import type { Channel } from './answer-count.js';
import { endOfPlainText, type FoundEvent, matches } from './chunk-form.js';
import type { Output } from './output.js';

interface Template {
  readonly channel: Channel;
  /** The engine's bytes up to the text with its quote, and from its closing quote to the end of the event. */
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Ours. */
  readonly ownHead: Buffer;
  readonly ownTail: Buffer;
}

export class FastPath {
  #template: Template | undefined;

  /** The text that chunks can be taken of now. */
  get channel(): Channel | undefined {
    return this.#template?.channel;
  }

  /**
   * Takes the event that begins at `start`, if it is whole and plain: puts ours into `output` and returns where the next
   * one begins. Undefined when it has to be read.
   */
  take(bytes: Buffer, start: number, output: Output): number | undefined {
    const template = this.#template;
    if (template === undefined) return undefined;
    const { head, tail, ownHead, ownTail } = template;
    const textStart = start + head.length;
    if (!matches(bytes, start, head)) return undefined;
    const textEnd = endOfPlainText(bytes, textStart);
    if (textEnd <= textStart || !matches(bytes, textEnd, tail)) return undefined;
    output.splice(ownHead, bytes, textStart, textEnd, ownTail);
    return textEnd + tail.length;
  }

  /** Takes on the text of an event that was found at `start`. */
  follow(
    bytes: Buffer,
    start: number,
    { end, valueStart, valueEnd }: FoundEvent,
    channel: Channel,
    writer: ChunkWriter,
  ) {
    const [ownHead, ownTail] = ownFrame(writer, channel);
    // Copies, because the event is a view of all that came with it.
    const head = Buffer.from(bytes.subarray(start, valueStart));
    this.#template = { channel, head, tail: Buffer.from(bytes.subarray(valueEnd, end)), ownHead, ownTail };
  }
}

/** What our chunks have before and after their text. Inside the strings before it, no quote is without a backslash. */
function ownFrame(writer: ChunkWriter, channel: Channel): [Buffer, Buffer] {
  const empty = channel === 'content' ? writer.content('') : writer.reasoning('');
  const key = channel === 'content' ? '"content":"' : '"reasoning_content":"';
  const place = empty.indexOf(key) + key.length;
  return [Buffer.from(empty.slice(0, place)), Buffer.from(empty.slice(place))];
}
