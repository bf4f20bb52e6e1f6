/** Packs answers for the store: the chunks of a stream say much the same and shrink to a tenth and less. */
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Off the thread that serves requests. */
export function pack(content: Uint8Array): Promise<Uint8Array> {
  return compress(content, { level: constants.Z_BEST_SPEED });
}

/** Rejects when it is not what `pack` made. */
export function unpack(packed: Uint8Array): Promise<Uint8Array> {
  return decompress(packed);
}
