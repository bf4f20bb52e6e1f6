/** Reads the bytes of an engine's answer: a stream of events in any dialect, or one JSON object that is all of it. */
import { EventDecoder, MAX_EVENT_BYTES } from '@plumb/wire';
import { type ChunkForm, type FoundEvent, matches, textOfHole } from './chunk-form.js';
import { engineFailure, type UpstreamFailure } from './failure.js';
import { FastPath } from './fast-path.js';
import type { Output } from './output.js';
import { type ChunkContent, NOTHING_SAID, readChunk, readFinishReason } from './read-chunk.js';
import { readErrorObject, readErrorText } from './read-error.js';
import type { AnswerTranslator } from './translate-answer.js';
import type { UpstreamParts } from './upstream-parts.js';

/** The largest event that is read, in bytes. */
export const EVENT_BYTES_MAX = MAX_EVENT_BYTES;

export interface ChunkReaderParts {
  readonly translator: AnswerTranslator;
  readonly upstream: UpstreamParts;
  /** Where events that have become ready are put, in order; undefined where none are written. */
  readonly output: Output | undefined;
}

export class ChunkReader {
  readonly #parts: ChunkReaderParts;
  /** Made with the first event that is not one line which came as a whole. */
  #decoder: EventDecoder | undefined;
  readonly #fastPath = new FastPath();
  /** The form of the last event that had a known one. */
  #lastForm: ChunkForm | undefined;
  /** Whether the last byte that was read ended an event. */
  #isBetweenEvents = true;
  #isDone = false;
  /** Events that have come. */
  events = 0;

  constructor(parts: ChunkReaderParts) {
    this.#parts = parts;
  }

  /** Whether the engine has said that nothing follows. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Takes the next bytes. Returns what went wrong with the answer; it is not read any further then. */
  push(bytes: Buffer): UpstreamFailure | undefined {
    try {
      return this.#readAll(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return engineFailure(error.message.replace(/\.$/, ''));
    }
  }

  #readAll(bytes: Buffer): UpstreamFailure | undefined {
    let start = 0;
    while (start < bytes.length && !this.#isDone) {
      const passed = this.#isBetweenEvents ? (this.#pass(bytes, start) ?? this.#recognize(bytes, start)) : undefined;
      const end = passed ?? endOfEvent(bytes, start);
      if (passed === undefined) {
        const failure = this.#read(bytes.subarray(start, end));
        if (failure !== undefined) return failure;
      }
      start = end;
    }
    return undefined;
  }

  /** Takes the event at `start` without parsing it, if that is possible; returns where the next one begins. */
  #pass(bytes: Buffer, start: number): number | undefined {
    const { channel } = this.#fastPath;
    const { translator, output } = this.#parts;
    if (channel === undefined || output === undefined) return undefined;
    if (translator.isFinished || !translator.isPlain(channel)) return undefined;
    const end = this.#fastPath.take(bytes, start, output);
    if (end === undefined) return undefined;
    translator.countPiece(channel);
    this.events += 1;
    return end;
  }

  /** Takes the event at `start` by its form alone, if that is known; returns where the next one begins. */
  #recognize(bytes: Buffer, start: number): number | undefined {
    const { translator, upstream } = this.#parts;
    const { forms } = upstream;
    if (forms === undefined || translator.isFinished || translator.wantsLogprobs) return undefined;
    const found = forms.find(bytes, start, this.#lastForm);
    if (found === undefined || !this.#take(bytes, start, found)) return undefined;
    this.#lastForm = found.form;
    this.events += 1;
    return found.end;
  }

  /** Hands an event of a known form on; false when it has to be parsed. */
  #take(bytes: Buffer, start: number, found: FoundEvent): boolean {
    const { translator } = this.#parts;
    const { says, fingerprint } = found.form;
    if (says === undefined) {
      translator.add({ ...NOTHING_SAID, fingerprint });
      return true;
    }
    const text = textOfHole(bytes, found);
    if (text === undefined) return false;
    if (says === 'finish_reason') {
      translator.add({ ...NOTHING_SAID, fingerprint, finishReason: readFinishReason(text) });
      return !translator.hasFailed;
    }
    translator.add({ ...NOTHING_SAID, fingerprint, [says]: text });
    const { writer } = translator;
    if (writer !== undefined && translator.isPlain(says)) this.#fastPath.follow(bytes, start, found, says, writer);
    return true;
  }

  #read(piece: Buffer): UpstreamFailure | undefined {
    const isWhole = this.#isBetweenEvents;
    this.#isBetweenEvents = endsEvent(piece);
    if (isWhole && isPlainEvent(piece)) {
      const data = piece.toString('utf8', DATA.length, piece.length - 2);
      return this.#readEvent('message', data, piece);
    }
    this.#decoder ??= new EventDecoder(EVENT_BYTES_MAX);
    const events = this.#decoder.push(piece);
    const isOne = isWhole && this.#isBetweenEvents && events.length === 1;
    for (const { event, data } of events) {
      const failure = this.#readEvent(event, data, isOne ? piece : undefined);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /**
   * Reads an event, and learns its form from the bytes that it consists of, when these are known. Returns what is wrong
   * with it.
   */
  #readEvent(event: string, data: string, bytes: Buffer | undefined): UpstreamFailure | undefined {
    const text = data.trim();
    if (text === '' || this.#isDone) return undefined;
    this.events += 1;
    if (text === '[DONE]') {
      this.#isDone = true;
      return undefined;
    }
    const { translator, upstream } = this.#parts;
    const { redact } = upstream.endpoint;
    const value = parse(text);
    const failure = readErrorObject(value, redact);
    if (failure !== undefined) return failure;
    if (event === 'error') return readErrorText(text, redact);
    if (value === undefined) return engineFailure('it sent an event that is no JSON');
    const chunk = readChunk(value, upstream.kind.reasoningFields);
    if (chunk !== undefined) translator.add(chunk);
    if (translator.hasFailed) return engineFailure('it could not go on with the answer');
    if (bytes !== undefined && chunk !== undefined) this.#learn(bytes, data, value, chunk);
    return undefined;
  }

  #learn(event: Buffer, data: string, value: unknown, chunk: ChunkContent): void {
    const { translator, upstream } = this.#parts;
    const { forms } = upstream;
    if (forms !== undefined && !translator.wantsLogprobs) forms.learn({ event, data, value, chunk });
  }
}

/** The JSON value of a text, or undefined when it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Where the first event after `start` ends, that is after an empty line, or the end of the bytes. */
function endOfEvent(bytes: Buffer, start: number): number {
  for (let place = bytes.indexOf(LINE_FEED, start); place !== -1; place = bytes.indexOf(LINE_FEED, place + 1)) {
    if (bytes[place + 1] === LINE_FEED) return place + 2;
    if (bytes[place + 1] === CARRIAGE_RETURN && bytes[place + 2] === LINE_FEED) return place + 3;
  }
  return bytes.length;
}

const DATA = Buffer.from('data: ');

/** Whether a piece is a whole event of one line with nothing but data: the text between `data: ` and the empty line. */
function isPlainEvent(piece: Buffer): boolean {
  if (piece.length > EVENT_BYTES_MAX || !matches(piece, 0, DATA)) return false;
  return piece.indexOf(LINE_FEED) === piece.length - 2 && !piece.includes(CARRIAGE_RETURN);
}

/** Whether an event ends with these bytes; where they were cut inside its end, the next one is not taken to be whole. */
function endsEvent(piece: Buffer): boolean {
  if (piece.at(-1) !== LINE_FEED) return false;
  return piece.at(-2) === LINE_FEED || (piece.at(-2) === CARRIAGE_RETURN && piece.at(-3) === LINE_FEED);
}
