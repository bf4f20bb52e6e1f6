/**
 * Most chunks of a stream differ in one text alone. Once one of them has been read, those that are the same bytes before
 * and after the text are written by exchanging what is around it, without being parsed. Whatever is not certain to give
 * the same bytes that way is left to be read the slow way.
 */
import { isUtf8 } from 'node:buffer';
import type { ChunkWriter } from '@plumb/wire';
import type { Channel } from './answer-count.js';
import { type ChunkContent, readChunk } from './read-chunk.js';

interface Template {
  readonly channel: Channel;
  /** The engine's bytes up to the text with its quote, and from its closing quote to the end of the event. */
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Ours. */
  readonly ownHead: Buffer;
  readonly ownTail: Buffer;
}

/** So many templates in a row that fitted no further chunk, and no other one is made: this engine's chunks all differ. */
const VAIN_TEMPLATES_MAX = 8;
/** What stands for the text when a template is tried. */
const PROBE = 'plumb probe';

export class FastPath {
  readonly #reasoningFields: readonly string[];
  #template: Template | undefined;
  #vainTemplates = 0;

  constructor(reasoningFields: readonly string[]) {
    this.#reasoningFields = reasoningFields;
  }

  /** The text that chunks can be taken of now. */
  get channel(): Channel | undefined {
    return this.#template?.channel;
  }

  /**
   * Takes the event that begins at `start`, if it is whole and plain: puts ours into `output` and returns where the next
   * one begins. Undefined when it has to be read.
   */
  take(bytes: Buffer, start: number, output: Buffer[]): number | undefined {
    const template = this.#template;
    if (template === undefined) return undefined;
    const { head, tail, ownHead, ownTail } = template;
    const textStart = start + head.length;
    if (!matches(bytes, start, head)) return undefined;
    const textEnd = endOfPlainText(bytes, textStart);
    if (textEnd <= textStart || !matches(bytes, textEnd, tail)) return undefined;
    output.push(ownHead, bytes.subarray(textStart, textEnd), ownTail);
    this.#vainTemplates = 0;
    return textEnd + tail.length;
  }

  /** Learns from an event that has been read: its bytes, its data, and what that says. */
  learn(event: Buffer, data: string, chunk: ChunkContent, writer: ChunkWriter): void {
    const channel = onlyChannelOf(chunk);
    if (channel === undefined || this.#vainTemplates >= VAIN_TEMPLATES_MAX) return;
    this.#vainTemplates += 1;
    const place = this.#findText(data, chunk, channel);
    const dataStart = event.indexOf(data);
    if (place === undefined || dataStart === -1) return;
    const textStart = dataStart + Buffer.byteLength(data.slice(0, place)) + 1;
    const textEnd = textStart + Buffer.byteLength(JSON.stringify(chunk[channel])) - 2;
    const [ownHead, ownTail] = ownFrame(writer, channel);
    // Copies, because the event is a view of all that came with it.
    this.#template = {
      channel,
      head: Buffer.from(event.subarray(0, textStart)),
      tail: Buffer.from(event.subarray(textEnd)),
      ownHead,
      ownTail,
    };
  }

  /** Where the text of the chunk stands in its data: exchanged for another one there, nothing else is different. */
  #findText(data: string, chunk: ChunkContent, channel: Channel): number | undefined {
    const literal = JSON.stringify(chunk[channel]);
    const expected = JSON.stringify({ ...chunk, [channel]: PROBE });
    for (let place = data.indexOf(literal); place !== -1; place = data.indexOf(literal, place + 1)) {
      const probed = data.slice(0, place) + JSON.stringify(PROBE) + data.slice(place + literal.length);
      if (JSON.stringify(this.#read(probed)) === expected) return place;
    }
    return undefined;
  }

  #read(data: string): ChunkContent | undefined {
    try {
      return readChunk(JSON.parse(data), this.#reasoningFields);
    } catch {
      return undefined;
    }
  }
}

/** The one text of a chunk that has nothing else. */
function onlyChannelOf(chunk: ChunkContent): Channel | undefined {
  const { reasoning, content, toolCalls, logprobs, finishReason, usage } = chunk;
  const hasMore = toolCalls.length > 0 || logprobs !== null || finishReason !== undefined || usage !== undefined;
  if (hasMore || (reasoning === '') === (content === '')) return undefined;
  return reasoning === '' ? 'content' : 'reasoning';
}

/** What our chunks have before and after their text. Inside the strings before it, no quote is without a backslash. */
function ownFrame(writer: ChunkWriter, channel: Channel): [Buffer, Buffer] {
  const empty = channel === 'content' ? writer.content('') : writer.reasoning('');
  const key = channel === 'content' ? '"content":"' : '"reasoning_content":"';
  const place = empty.indexOf(key) + key.length;
  return [Buffer.from(empty.slice(0, place)), Buffer.from(empty.slice(place))];
}

function matches(bytes: Buffer, start: number, expected: Buffer): boolean {
  const end = start + expected.length;
  return end <= bytes.length && bytes.compare(expected, 0, expected.length, start, end) === 0;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LESS_THAN = 0x3c;
const FIRST_PRINTABLE = 0x20;
const FIRST_NOT_ASCII = 0x80;
/** What may follow a backslash: the escapes that JSON.stringify writes as well. */
const PLAIN_ESCAPES = new Set(Buffer.from('"\\bfnrt'));

/** Where a text ends that JSON.stringify would write with the same bytes; -1 when it is no such text, or not whole. */
function endOfPlainText(bytes: Buffer, start: number): number {
  let isAscii = true;
  for (let place = start; place < bytes.length; place++) {
    const byte = bytes[place] as number;
    if (byte === QUOTE) return isAscii || isUtf8(bytes.subarray(start, place)) ? place : -1;
    if (byte === LESS_THAN || byte < FIRST_PRINTABLE) return -1;
    if (byte >= FIRST_NOT_ASCII) isAscii = false;
    if (byte !== BACKSLASH) continue;
    place += 1;
    if (!PLAIN_ESCAPES.has(bytes[place] ?? 0)) return -1;
  }
  return -1;
}
