/** How commands answer: tables and sentences for people, one line of JSON for scripts. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Prints a text and a line end on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a value as one line of JSON on stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Says something beside the answer, on stderr. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints a table whose columns are as wide as they need. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => lines.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0));
  print(
    lines
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n'),
  );
}

/** Prints pieces of text as fast as they are taken; ends in good order when nobody reads on (`plumb … | head`). */
export async function printPieces(pieces: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), process.stdout, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/** A time (ISO 8601) for people: to the minute, in UTC; a word where there is none. */
export function formatTime(time: string | null, absent = ''): string {
  return time === null ? absent : time.slice(0, 16).replace('T', ' ');
}
