/** Cuts bytes into the lines of a JSONL file: any cut of the bytes, CRLF, a byte order mark, empty lines, and a limit. */

/** One line that is not empty, without its end. */
export interface TextLine {
  /** Counted from 1, empty lines included. */
  readonly line: number;
  readonly text: string;
}

/** A line that cannot be used. */
export interface LineProblem {
  readonly line: number;
  /** A sentence without a full stop that fits behind "line 7:". */
  readonly problem: string;
}

/** The longest line that is read unless another limit is given, in bytes: 32 MiB. */
export const LINE_BYTES_MAX = 32 * 1024 * 1024;

const LINE_FEED = 0x0a;

/** Reads lines in constant memory: of a line that is too long nothing is kept. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number = LINE_BYTES_MAX,
): AsyncGenerator<TextLine | LineProblem> {
  const assembly = new LineAssembly(lineBytesMax);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = assembly.end(chunk.subarray(start, end));
      start = end + 1;
      if (line !== undefined) yield line;
    }
    assembly.keep(chunk.subarray(start));
  }
  const last = assembly.end(new Uint8Array(0));
  if (last !== undefined) yield last;
}

/** The line that has not ended yet. */
class LineAssembly {
  readonly #bytesMax: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #line = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  keep(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#bytesMax) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece.slice());
  }

  /** The line that ends with these bytes; undefined when it is empty. */
  end(rest: Uint8Array): TextLine | LineProblem | undefined {
    this.#line += 1;
    const line = this.#line;
    const bytes = this.#bytes + rest.length;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    if (bytes > this.#bytesMax) return { line, problem: `is longer than line_bytes_max, which is ${this.#bytesMax}` };
    try {
      const decoded = this.#decoder.decode(pieces.length === 0 ? rest : join(pieces, rest, bytes));
      const text = (line === 1 && decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded).trim();
      return text === '' ? undefined : { line, text };
    } catch {
      return { line, problem: 'is not UTF-8' };
    }
  }
}

function join(pieces: readonly Uint8Array[], rest: Uint8Array, bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const piece of [...pieces, rest]) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
