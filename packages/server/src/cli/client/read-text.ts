/** Reads what is piped in, up to a limit. */
import { CliError, ExitCode } from '../exit-code.js';

/** All of a stream as UTF-8. Rejects with a CliError when it is longer than `maxBytes`, or no text. */
export async function readText(stream: AsyncIterable<Buffer>, maxBytes: number, what: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new CliError(`${what} is longer than ${maxBytes} bytes.`, ExitCode.usage);
    pieces.push(piece);
  }
  return decodeText(Buffer.concat(pieces), what);
}

/** The text of some bytes. Throws a CliError when they are none. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(`${what} is no text in UTF-8.`, ExitCode.usage);
  }
}
