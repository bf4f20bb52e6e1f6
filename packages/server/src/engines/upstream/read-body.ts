/**
 * Reads the body of an answer with status 200. What it is shows in its first character, whatever the content type says:
 * a server that ignores `stream` sends one JSON object, one that is something else a page of HTML.
 */
import { engineFailure, type UpstreamFailure } from './failure.js';
import { readChunk } from './read-chunk.js';
import { ChunkReader, type ChunkReaderParts, EVENT_BYTES_MAX, parse } from './read-chunks.js';
import { readErrorObject } from './read-error.js';

export class BodyReader {
  readonly #parts: ChunkReaderParts;
  /** Made with the first event: an answer that comes as one object has none. */
  #chunks: ChunkReader | undefined;
  #form: 'unknown' | 'events' | 'object' = 'unknown';
  /** The object so far, of which there is one piece as a rule. */
  #object: Buffer | Buffer[] | undefined;
  #objectBytes = 0;

  constructor(parts: ChunkReaderParts) {
    this.#parts = parts;
  }

  /** Whether the engine has said that nothing follows. */
  get isDone(): boolean {
    return this.#chunks?.isDone === true;
  }

  /** Events that have come. */
  get events(): number {
    return this.#chunks?.events ?? 0;
  }

  /** Takes the next bytes. Returns what went wrong with the answer; nothing more is to be pushed then. */
  push(bytes: Buffer): UpstreamFailure | undefined {
    if (this.#form === 'unknown') {
      const first = firstVisible(bytes);
      if (first === undefined) return undefined;
      if (first === LESS_THAN) return engineFailure('it answered with a page of HTML; check `url` of this engine');
      this.#form = first === OPENING_BRACE ? 'object' : 'events';
    }
    if (this.#form === 'object') return this.#keep(bytes);
    this.#chunks ??= new ChunkReader(this.#parts);
    return this.#chunks.push(bytes);
  }

  /** The body has ended. Returns what is wrong with the answer, if it is not complete. */
  end(): UpstreamFailure | undefined {
    const failure = this.#form === 'object' ? this.#readObject() : undefined;
    const { translator } = this.#parts;
    if (failure !== undefined || translator.isFinished) return failure;
    // Without a finish reason the answer is complete only when the engine has said so, and there is one.
    if (this.isDone && translator.hasOutput) return undefined;
    if (this.#form === 'unknown') return engineFailure('it answered with an empty body');
    return engineFailure(this.events === 0 ? 'it answered with no event' : 'its answer ended in the middle');
  }

  #keep(bytes: Buffer): UpstreamFailure | undefined {
    this.#objectBytes += bytes.length;
    if (this.#objectBytes > EVENT_BYTES_MAX) return engineFailure(`its answer is larger than ${EVENT_BYTES_MAX} bytes`);
    if (this.#object === undefined) this.#object = bytes;
    else if (Array.isArray(this.#object)) this.#object.push(bytes);
    else this.#object = [this.#object, bytes];
    return undefined;
  }

  #takeObject(): Buffer {
    const object = this.#object ?? [];
    this.#object = undefined;
    return Array.isArray(object) ? Buffer.concat(object) : object;
  }

  #readObject(): UpstreamFailure | undefined {
    const { translator, upstream } = this.#parts;
    const value = parse(this.#takeObject().toString());
    const failure = readErrorObject(value, upstream.endpoint.redact);
    if (failure !== undefined) return failure;
    const answer = readChunk(value, upstream.kind.reasoningFields);
    if (answer === undefined) return engineFailure('it answered with something that is no chat completion');
    try {
      translator.addWhole(answer);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return engineFailure(error.message);
    }
    if (translator.hasFailed) return engineFailure('it could not go on with the answer');
    return undefined;
  }
}

function firstVisible(bytes: Buffer): number | undefined {
  for (let place = 0; place < bytes.length; place++) {
    const byte = bytes[place] as number;
    if (!BLANKS.has(byte)) return byte;
  }
  return undefined;
}

const LESS_THAN = 0x3c;
const OPENING_BRACE = 0x7b;
/** Space, tab and line ends: keep-alives before a body. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
