/** Bytes as a cassette writes them: text where that gives the same bytes again, base64 elsewhere. */
import { isUtf8 } from 'node:buffer';

export interface WrittenBytes {
  readonly text?: string;
  readonly base64?: string;
}

export function writeBytes(bytes: Buffer): WrittenBytes {
  return isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
}

/** Undefined when they are written in neither way, in both, or not in base64 where it says so. */
export function readBytes({ text, base64 }: { text?: string; base64?: string }): Buffer | undefined {
  if ((text === undefined) === (base64 === undefined)) return undefined;
  if (base64 === undefined) return Buffer.from(text ?? '');
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : undefined;
}
