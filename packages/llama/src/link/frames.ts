/**
 * The framing of the link between the server and the engine process: many generations share one local socket, so that
 * a decode step of sixteen streams costs one write here and one wake-up there instead of sixteen.
 *
 * A frame is `length (u32) | kind (u8) | stream (u32) | payload`, little-endian; `length` counts the payload alone.
 * `stream` names a generation; 0 is the link itself.
 */

const HEADER_BYTES = 9;

/** The largest payload that a reader accepts, in bytes: the body limit of a request and room for what is added to it. */
export const MAX_FRAME_BYTES = 128 * 1024 * 1024;

/** Builds one frame. */
export function encodeFrame(kind: number, stream: number, payload: string | Uint8Array): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  writeHeader(frame, 0, kind, stream, body.length);
  frame.set(body, HEADER_BYTES);
  return frame;
}

/** Frames on their way out, joined into one buffer so that they cost one write together. */
export class FrameBatch {
  readonly #frames: { readonly kind: number; readonly stream: number; readonly text: string }[] = [];

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** Adds a frame whose payload is a text. */
  add(kind: number, stream: number, text: string): void {
    this.#frames.push({ kind, stream, text });
  }

  /** Takes all frames out, as bytes. */
  take(): Buffer {
    // No UTF-16 unit takes more than three bytes, and measuring exactly would cost as much again as writing.
    const most = this.#frames.reduce((sum, { text }) => sum + HEADER_BYTES + 3 * text.length, 0);
    const buffer = Buffer.allocUnsafe(most);
    let place = 0;
    for (const { kind, stream, text } of this.#frames) {
      const length = buffer.write(text, place + HEADER_BYTES, 'utf8');
      writeHeader(buffer, place, kind, stream, length);
      place += HEADER_BYTES + length;
    }
    this.#frames.length = 0;
    return buffer.subarray(0, place);
  }
}

/** Receives each frame. The payload may be kept: its memory is not used again. */
export type FrameHandler = (kind: number, stream: number, payload: Buffer) => void;

/** Cuts a byte stream back into frames, however it was split on the way. */
export class FrameReader {
  readonly #handle: FrameHandler;
  readonly #pieces: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = HEADER_BYTES;

  constructor(handle: FrameHandler) {
    this.#handle = handle;
  }

  /** Takes the next bytes of the stream. Throws a RangeError when a frame announces more than MAX_FRAME_BYTES. */
  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#pendingBytes += bytes.length;
    // Pieces are joined only once a whole frame is there: joining on every piece would make a large body quadratic.
    if (this.#pendingBytes < this.#neededBytes) return;
    const buffer = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    const rest = this.#readFrames(buffer);
    this.#pieces.length = 0;
    if (rest.length > 0) this.#pieces.push(rest);
    this.#pendingBytes = rest.length;
  }

  /** Hands on every whole frame, notes how much the next one needs and returns what is left over. */
  #readFrames(buffer: Buffer): Buffer {
    let start = 0;
    while (buffer.length - start >= HEADER_BYTES) {
      const length = buffer.readUInt32LE(start);
      if (length > MAX_FRAME_BYTES) throw new RangeError(`A frame of ${length} bytes is over the limit.`);
      this.#neededBytes = HEADER_BYTES + length;
      if (buffer.length - start < this.#neededBytes) return buffer.subarray(start);
      const payload = buffer.subarray(start + HEADER_BYTES, start + this.#neededBytes);
      this.#handle(buffer.readUInt8(start + 4), buffer.readUInt32LE(start + 5), payload);
      start += this.#neededBytes;
    }
    this.#neededBytes = HEADER_BYTES;
    return buffer.subarray(start);
  }
}

function writeHeader(buffer: Buffer, place: number, kind: number, stream: number, length: number): void {
  buffer.writeUInt32LE(length, place);
  buffer.writeUInt8(kind, place + 4);
  buffer.writeUInt32LE(stream, place + 5);
}
