/** Events that are ready and that nobody has taken yet, in one piece of memory, so that a chunk makes no object. */
import { ROOM_BYTES, type SharedRoom } from './shared-room.js';

/** Shorter pieces are copied faster byte by byte. */
const LOOPED_BYTES_MAX = 64;

export class Output {
  readonly #shared: SharedRoom;
  #room: Buffer | undefined;
  #length = 0;

  constructor(shared: SharedRoom) {
    this.#shared = shared;
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

  /** All of it, once, in no more memory than it needs: a slow client keeps it. Undefined when there is nothing. */
  take(): Buffer | undefined {
    const room = this.#room;
    if (room === undefined) return undefined;
    const bytes = Buffer.from(room.subarray(0, this.#length));
    if (room.length === ROOM_BYTES) this.#shared.giveBack(room);
    this.#room = undefined;
    this.#length = 0;
    return bytes;
  }

  #makeRoom(length: number): Buffer {
    const needed = this.#length + length;
    const room = this.#room ?? this.#shared.borrow();
    this.#room = room;
    if (needed <= room.length) return room;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * room.length));
    room.copy(larger, 0, 0, this.#length);
    if (room.length === ROOM_BYTES) this.#shared.giveBack(room);
    this.#room = larger;
    return larger;
  }
}
