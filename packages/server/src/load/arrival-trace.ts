/** Reads traces of real traffic: a CSV with the time of each request and, if it has them, its lengths. */

/** One request of a trace. */
export interface TraceEntry {
  /** In ms from the first one. */
  readonly atMs: number;
  readonly promptTokens: number | undefined;
  readonly answerTokens: number | undefined;
}

/** The most requests of a trace. */
export const TRACE_ENTRIES_MAX = 5_000_000;

/** How the columns of known traces are called: ours, and those of the public ones of large services. */
const TIME_MS = ['at_ms', 'timestamp_ms'];
const TIME_S = ['at_s', 'seconds', 'time_s'];
const TIME_DATE = ['timestamp', 'time', 'arrival_time'];
const PROMPT = ['prompt_tokens', 'contexttokens', 'input_tokens', 'request_tokens'];
const ANSWER = ['answer_tokens', 'generatedtokens', 'output_tokens', 'completion_tokens', 'response_tokens'];

/** Reads the text of a trace. @throws Error whose message says what is wrong, and in which line. */
export function readArrivalTrace(text: string): TraceEntry[] {
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const columns = findColumns(head);
  const entries = lines.flatMap((line, index) => (line.trim() === '' ? [] : [readEntry(line, index + 2, columns)]));
  if (entries.length === 0)
    throw new Error('A trace needs a line for a request at least, below the names of its columns.');
  if (entries.length > TRACE_ENTRIES_MAX) {
    throw new Error(`The trace has more requests than trace_entries_max, which is ${TRACE_ENTRIES_MAX}.`);
  }
  entries.sort((one, other) => one.atMs - other.atMs);
  const first = entries[0]?.atMs ?? 0;
  return entries.map((entry) => ({ ...entry, atMs: entry.atMs - first }));
}

interface Columns {
  readonly time: number;
  readonly readTime: (text: string) => number;
  readonly prompt: number;
  readonly answer: number;
}

function findColumns(head: string): Columns {
  const names = splitLine(head).map((name) => name.toLowerCase());
  const find = (known: readonly string[]) => names.findIndex((name) => known.includes(name));
  const times: readonly (readonly [number, (text: string) => number])[] = [
    [find(TIME_MS), readDecimal],
    [find(TIME_S), (text) => readDecimal(text) * 1000],
    [find(TIME_DATE), readDate],
  ];
  const [time, readTime] = times.find(([column]) => column >= 0) ?? [-1, readDecimal];
  if (time < 0)
    throw new Error('The first line of a trace names its columns, and one of them must be at_ms, at_s or timestamp.');
  return { time, readTime, prompt: find(PROMPT), answer: find(ANSWER) };
}

function readEntry(line: string, number: number, { time, readTime, prompt, answer }: Columns): TraceEntry {
  const cells = splitLine(line);
  const atMs = readTime(cells[time] ?? '');
  if (!Number.isFinite(atMs)) throw new Error(`Line ${number} of the trace has no time that can be read.`);
  return { atMs, promptTokens: readTokens(cells, prompt, number), answerTokens: readTokens(cells, answer, number) };
}

function readTokens(cells: readonly string[], column: number, number: number): number | undefined {
  const text = column < 0 ? '' : (cells[column] ?? '');
  if (text === '') return undefined;
  const tokens = readDecimal(text);
  if (Number.isFinite(tokens) && tokens >= 0) return Math.max(1, Math.round(tokens));
  throw new Error(`Line ${number} of the trace has a number of tokens that is none: ${text.slice(0, 40)}`);
}

function splitLine(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function readDecimal(text: string): number {
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** A date, or seconds since the epoch. Fractions beyond the millisecond are rounded off by no one but us. */
function readDate(text: string): number {
  const seconds = readDecimal(text);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const [, whole = '', fraction = '', zone = ''] = /^(.+?)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
  return Date.parse(`${whole.replace(' ', 'T')}${zone === '' ? 'Z' : zone}`) + Number(`0${fraction}`) * 1000;
}
