/** Unpacks a recorded answer piece by piece, so that what it says can be looked at and keeps its timing. */
import type { Transform } from 'node:stream';
import { createUnpacker } from '../../upstream/decode-body.js';
import { BODY_BYTES_MAX } from '../format/limits.js';

/**
 * What each piece says once it is unpacked; the last one has what came at the end. Undefined when nobody can unpack it, or
 * it is larger than `BODY_BYTES_MAX` then. An answer that was cut is unpacked as far as it came.
 */
export async function unpackChunks(chunks: readonly Buffer[], encoding: string): Promise<Buffer[] | undefined> {
  const create = createUnpacker(encoding);
  const [first] = chunks;
  if (create === null || first === undefined) return [...chunks];
  return create === undefined ? undefined : new ChunkUnpacker(create(first)).unpack(chunks);
}

class ChunkUnpacker {
  readonly #unpacker: Transform;
  readonly #closed = Promise.withResolvers<void>();
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(unpacker: Transform) {
    this.#unpacker = unpacker;
    unpacker.on('data', (bytes: Buffer) => this.#take(bytes));
    // A cut answer is an error here as well, and has been read as far as it came.
    unpacker.on('error', () => {});
    unpacker.once('close', () => this.#closed.resolve());
  }

  async unpack(chunks: readonly Buffer[]): Promise<Buffer[] | undefined> {
    const unpacked: Buffer[] = [];
    for (const chunk of chunks) {
      await this.#write(chunk);
      unpacked.push(this.#takePieces());
    }
    this.#unpacker.end();
    await this.#closed.promise;
    if (this.#size > BODY_BYTES_MAX || this.#size === 0) return undefined;
    return [...unpacked.slice(0, -1), Buffer.concat([unpacked.at(-1) ?? Buffer.alloc(0), this.#takePieces()])];
  }

  /** Resolves when all that the chunk says has come. */
  async #write(chunk: Buffer): Promise<void> {
    if (this.#unpacker.destroyed) return;
    const written = new Promise<void>((resolve) => this.#unpacker.write(chunk, () => resolve()));
    await Promise.race([written, this.#closed.promise]);
  }

  #take(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size > BODY_BYTES_MAX) this.#unpacker.destroy();
    else this.#pieces.push(bytes);
  }

  #takePieces(): Buffer {
    return Buffer.concat(this.#pieces.splice(0));
  }
}
