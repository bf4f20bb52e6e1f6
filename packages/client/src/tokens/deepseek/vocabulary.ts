/** The vocabulary as the encoder needs it: which two tokens each token is made of. Unpacked when it is first asked for. */

/** The id of the first of the 256 tokens that are one byte each. Before them are three markers. */
export const FIRST_BYTE = 3;
/** The id of the first token that is made of two others. Merge n makes token `FIRST_MERGE + n`; earlier merges go first. */
export const FIRST_MERGE = FIRST_BYTE + 256;

/** The two parts of each merged token; index 0 is token `FIRST_MERGE`. */
export interface Vocabulary {
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** The token of each byte: printable Latin-1 first, then the others, both in the order of their values. */
export function tokensOfBytes(): Int32Array {
  const tokens = new Int32Array(256);
  let next = FIRST_BYTE;
  for (const printable of [true, false])
    for (let byte = 0; byte < 256; byte++) if (isPrintable(byte) === printable) tokens[byte] = next++;
  return tokens;
}

function isPrintable(byte: number): boolean {
  return (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
}

/**
 * Loads the packed vocabulary, about 0.6 MB, and unpacks it.
 *
 * @throws TypeError when the packed data is damaged: its checksum is that of gzip.
 */
export async function loadVocabulary(): Promise<Vocabulary> {
  const { MERGES, PACKED_MERGES } = await import('./vocabulary-data.js');
  const stream = new Blob([readBase64(PACKED_MERGES)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  return { left: joinPlanes(planes, 0, MERGES), right: joinPlanes(planes, 3 * MERGES, MERGES) };
}

function readBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** Numbers from their low, middle and high bytes, which stand in three planes one after the other. */
function joinPlanes(planes: Uint8Array, start: number, count: number): Int32Array {
  const numbers = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const low = start + index;
    numbers[index] = planes[low]! | (planes[low + count]! << 8) | (planes[low + 2 * count]! << 16);
  }
  return numbers;
}
