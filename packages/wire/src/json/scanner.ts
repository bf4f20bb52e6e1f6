/** How the parts of the diagnosing parser share their place in the text, and how they stop at a fault. */
import type { PathSegment } from './path.js';

/** How far a text has been read. */
export interface Scanner {
  readonly bytes: Uint8Array;
  /** The next byte to read. */
  index: number;
  /** Where the value that is being read lies. It is not unwound on a fault, so that it says where that was. */
  readonly path: PathSegment[];
  /** How many arrays and objects are open. */
  depth: number;
}

/** Ends the diagnosis; never leaves `diagnoseJson`. */
export class Fault extends Error {
  /** The bytes that serde_json has read when it finds the fault. */
  readonly index: number;

  constructor(text: string, index: number) {
    super(text);
    this.index = index;
  }
}

/** Stops with a fault after the bytes read so far. */
export function fail(scanner: Scanner, text: string): never {
  throw new Fault(text, scanner.index);
}

/** Stops with a fault in the byte that would be read next; at the end of the text, after the last one. */
export function failAtNext(scanner: Scanner, text: string): never {
  throw new Fault(text, Math.min(scanner.bytes.length, scanner.index + 1));
}
