/** Reads measured requests, to which a latency model is fitted. */

/** One measured request. */
export interface MeasuredRequest {
  readonly promptTokens: number;
  /** Of these, the tokens that came from a cache. */
  readonly cachedTokens: number;
  readonly answerTokens: number;
  /** From sending the request to its first token, and to its end. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
  /** Requests that were under way at the same time, this one included. */
  readonly concurrency: number;
}

/** A trace that cannot be read. The message says which line, and what to write. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** The names of the columns, or keys. The last two may be left out. */
const FIELDS = ['prompt_tokens', 'answer_tokens', 'ttft_ms', 'total_ms', 'cached', 'concurrency'] as const;
type Field = (typeof FIELDS)[number];

/** What stands for a field that is left out. */
const FALLBACKS: Partial<Record<Field, number>> = { cached: 0, concurrency: 1 };

/**
 * Reads CSV with a first line of names, or JSON lines. Throws a TraceError for a line that is neither, for one that lacks
 * a number, and when there is none.
 */
export function readTrace(text: string): MeasuredRequest[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }));
  const filled = lines.filter(({ line }) => line.trim() !== '');
  const rows = filled[0]?.line.trimStart().startsWith('{') ? filled.map(readJsonRow) : readCsvRows(filled);
  if (rows.length === 0) throw new TraceError(`There is no request in it. Its columns are ${FIELDS.join(', ')}.`);
  return rows.map(toRequest);
}

interface NumberedLine {
  readonly line: string;
  readonly number: number;
}

interface Row {
  readonly number: number;
  valueOf(field: Field): unknown;
}

function readJsonRow({ line, number }: NumberedLine): Row {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new TraceError(`Line ${number} is no JSON.`);
  }
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<Field, unknown>>;
  return { number, valueOf: (field) => fields[field] };
}

function readCsvRows([header, ...lines]: readonly NumberedLine[]): Row[] {
  const names = header?.line.split(',').map((name) => name.trim().toLowerCase()) ?? [];
  return lines.map(({ line, number }) => {
    const cells = line.split(',').map((cell) => cell.trim());
    return { number, valueOf: (field) => readCell(cells[names.indexOf(field)]) };
  });
}

function readCell(cell: string | undefined): number | undefined {
  return cell === undefined || cell === '' ? undefined : Number(cell);
}

function toRequest(row: Row): MeasuredRequest {
  const read = (field: Field): number => {
    const value = row.valueOf(field) ?? FALLBACKS[field];
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    throw new TraceError(`Line ${row.number} has no number of at least 0 for \`${field}\`.`);
  };
  return {
    promptTokens: read('prompt_tokens'),
    cachedTokens: read('cached'),
    answerTokens: read('answer_tokens'),
    firstTokenMs: read('ttft_ms'),
    totalMs: read('total_ms'),
    concurrency: read('concurrency'),
  };
}
