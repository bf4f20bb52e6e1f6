/** Events that are ready and that nobody has taken yet, in one piece of memory, so that a chunk makes no object. */

/**
 * How much more than what an engine sends room is made for, and how much of what is taken may be unused: our events are
 * about as long as its own.
 */
const SPARE_SHARE = 1 / 8;

/** Shorter pieces are copied faster byte by byte. */
const LOOPED_BYTES_MAX = 64;

export class Output {
  #bytes: Buffer | undefined;
  #length = 0;
  /** How many bytes of the engine are being read. */
  #expected = 0;

  /** Says how many bytes of the engine are read next. */
  expect(bytes: number): void {
    this.#expected = bytes;
  }

  /** Adds events as text. */
  write(events: string): void {
    const length = Buffer.byteLength(events);
    const room = this.#makeRoom(length);
    room.write(events, this.#length);
    this.#length += length;
  }

  /** Adds an event that has a piece of other bytes in its middle. */
  splice(head: Buffer, bytes: Buffer, start: number, end: number, tail: Buffer): void {
    const room = this.#makeRoom(head.length + end - start + tail.length);
    room.set(head, this.#length);
    let length = this.#length + head.length;
    if (end - start > LOOPED_BYTES_MAX) length += bytes.copy(room, length, start, end);
    else for (let place = start; place < end; place++) room[length++] = bytes[place] as number;
    room.set(tail, length);
    this.#length = length + tail.length;
  }

  /** All of it, once; undefined when there is nothing. */
  take(): Buffer | undefined {
    const room = this.#bytes;
    if (room === undefined) return undefined;
    const bytes = room.subarray(0, this.#length);
    this.#bytes = undefined;
    this.#length = 0;
    // A slow client keeps all of it.
    return room.length - bytes.length > room.length * SPARE_SHARE ? Buffer.from(bytes) : bytes;
  }

  #makeRoom(length: number): Buffer {
    const needed = this.#length + length;
    const room = this.#bytes;
    if (room !== undefined && needed <= room.length) return room;
    // Hardly larger than what comes; many pieces that come together are gathered in ever larger rooms.
    const likely = room === undefined ? Math.ceil(this.#expected * (1 + SPARE_SHARE)) : 2 * room.length;
    const larger = Buffer.allocUnsafe(Math.max(needed, likely));
    if (room !== undefined) room.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    return larger;
  }
}
