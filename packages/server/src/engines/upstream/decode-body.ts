/** Unpacks bodies that were compressed although nobody asked for it. */

import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';

/** What unpacks a body with this `content-encoding`: null when it is not packed, undefined when nobody can. */
export function createUnpacker(encoding: string): ((first: Buffer) => Transform) | null | undefined {
  switch (encoding.toLowerCase()) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return () => createGunzip();
    case 'deflate':
      // Some servers leave the zlib header away, of which the first half byte is always 8 (RFC 1950, section 2.2).
      return (first) => (((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw());
    case 'br':
      return () => createBrotliDecompress();
    case 'zstd':
      return () => createZstdDecompress();
    default:
      return undefined;
  }
}
