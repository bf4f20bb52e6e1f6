/** Where the lines of a batch come from: a list, a stream, or something that can be read again and again, such as a file. */
import type { BatchLine } from './batch-line.js';
import { type LineProblem, readLines } from './read-lines.js';

/** A line as JSON has it, and its number. */
export interface SourceLine {
  readonly line: number;
  readonly value: unknown;
}

/** Lines that can be read several times, from the first to the last; each time they must be the same. */
export interface LineSource {
  open(): AsyncIterable<SourceLine | LineProblem>;
}

export type BatchLines = readonly BatchLine[] | AsyncIterable<BatchLine> | LineSource;

/** Whether lines can be read several times. */
export function isRepeatable(lines: BatchLines): lines is readonly BatchLine[] | LineSource {
  return Array.isArray(lines) || 'open' in lines;
}

/** The lines with their numbers. */
export async function* openLines(lines: BatchLines): AsyncGenerator<SourceLine | LineProblem> {
  if ('open' in lines) {
    yield* lines.open();
    return;
  }
  let line = 0;
  for await (const value of lines) {
    line += 1;
    yield { line, value };
  }
}

/** The lines of the bytes of a JSONL file. */
export async function* parseLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax?: number,
): AsyncGenerator<SourceLine | LineProblem> {
  for await (const read of readLines(chunks, lineBytesMax)) {
    yield 'problem' in read ? read : parseLine(read.text, read.line);
  }
}

function parseLine(text: string, line: number): SourceLine | LineProblem {
  try {
    return { line, value: JSON.parse(text) as unknown };
  } catch {
    return { line, problem: 'is no JSON' };
  }
}
