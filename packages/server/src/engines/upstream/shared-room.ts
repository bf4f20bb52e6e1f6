/**
 * Room in which events are put together before they are taken. As a rule one stream at a time has any, that of which a
 * connection is being read: so all streams of an engine share it, and what is taken has just the room that it needs.
 */

/** As much as is read from a connection at once. */
export const ROOM_BYTES = 64 * 1024;

export class SharedRoom {
  #free: Buffer | undefined;

  /** Room of `ROOM_BYTES` for whoever asks, alone. */
  borrow(): Buffer {
    const room = this.#free ?? Buffer.allocUnsafeSlow(ROOM_BYTES);
    this.#free = undefined;
    return room;
  }

  /** Takes back what was borrowed and is no longer used. Room that never comes back is made anew. */
  giveBack(room: Buffer): void {
    this.#free = room;
  }
}
