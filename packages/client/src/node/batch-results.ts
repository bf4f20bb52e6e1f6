/** Reads the result files of a batch without changing them, also while a run is writing them. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { hashText } from '../batch/hash.js';
import { LineIndex, LineState } from '../batch/line-index.js';
import type { LineSource } from '../batch/line-source.js';
import { type RecordedLine, readOutputLine } from '../batch/output-line.js';
import { readLines } from '../batch/read-lines.js';
import { replaceFile } from './batch-file.js';
import { readRawLines } from './batch-restore.js';

const CHUNK_BYTES = 1024 * 1024;

/** The lines of a result file; what is not a whole line of results is passed over. No lines when there is no file. */
export async function* readResults(path: string): AsyncGenerator<RecordedLine> {
  try {
    const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
    for await (const line of readLines(chunks, Number.POSITIVE_INFINITY)) {
      const record = 'text' in line ? readOutputLine(line.text) : undefined;
      if (record !== undefined) yield record;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

export interface Sorted {
  /** Lines that were written. */
  readonly lines: number;
  /** Those among them whose custom_id is not in the input; they stand at the end. */
  readonly foreign: number;
}

/** Writes the lines of a result file in the order of the input. Memory: about 50 bytes a line. */
export async function sortResults(input: LineSource, results: string, sorted: string): Promise<Sorted> {
  const index = await readOrder(input);
  const listed = index.size;
  const places = await findPlaces(results, index);
  const file = await open(results, 'r');
  let lines = 0;
  try {
    await replaceFile(sorted, async (target) => {
      for (let entry = 0; entry < index.size; entry += 1) {
        const length = places.lengths[entry] ?? 0;
        if (length === 0) continue;
        const { buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, places.starts[entry] ?? 0);
        await target.writeFile(buffer);
        lines += 1;
      }
    });
  } finally {
    await file.close();
  }
  return { lines, foreign: index.size - listed };
}

async function readOrder(input: LineSource): Promise<LineIndex> {
  const index = new LineIndex();
  for await (const source of input.open()) {
    const customId = 'value' in source ? (source.value as { custom_id?: unknown } | null)?.custom_id : undefined;
    if (typeof customId !== 'string') continue;
    const id = hashText(customId);
    if (index.find(id) < 0) index.add(id, undefined, source.line, LineState.listed);
  }
  return index;
}

/** Where the line of each entry is. Lines that are not in the input get entries behind the others. */
async function findPlaces(path: string, index: LineIndex): Promise<{ starts: number[]; lengths: number[] }> {
  const starts: number[] = new Array(index.size).fill(0);
  const lengths: number[] = new Array(index.size).fill(0);
  const decoder = new TextDecoder();
  for await (const { bytes, end, isWhole } of readRawLines(path)) {
    const record = isWhole ? readOutputLine(decoder.decode(bytes)) : undefined;
    if (record === undefined) continue;
    const id = hashText(record.customId);
    const found = index.find(id);
    const entry = found >= 0 ? found : index.add(id, undefined, 0, LineState.listed);
    lengths[entry] = bytes.length + 1;
    starts[entry] = end - bytes.length - 1;
  }
  return { starts, lengths };
}
