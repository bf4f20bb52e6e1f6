/** A file as the source of the lines of a batch: read from the start each time, and hashed on the way. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type LineSource, parseLines } from '../batch/line-source.js';

export interface FileSource extends LineSource {
  /** The SHA-256 of the bytes of the last reading that came to the end, in hex; undefined before. */
  readonly sha256: string | undefined;
}

const CHUNK_BYTES = 1024 * 1024;

/** @param lineBytesMax The longest line that is taken, in bytes. Default: 32 MiB. */
export function readBatchFile(path: string, lineBytesMax?: number): FileSource {
  let sha256: string | undefined;
  async function* readBytes(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
    sha256 = hash.digest('hex');
  }
  return {
    open: () => parseLines(readBytes(), lineBytesMax),
    get sha256() {
      return sha256;
    },
  };
}
