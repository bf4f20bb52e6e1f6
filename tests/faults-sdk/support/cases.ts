/** The faults that clients are driven through, each as the header that asks for it. */

/** One fault in one form. */
export interface FaultCase {
  /** The row of the guide's table. */
  readonly name: string;
  /** The value of `x-plumb-fault`. */
  readonly header: string;
  readonly stream: boolean;
  readonly tools?: true;
  /** How long the client is told to wait, in ms; longer than anything takes unless it is said. */
  readonly timeoutMs: number;
}

/** Of a client that is not to be patient, and how long such a fault lasts, in ms and in s. */
const SHORT_TIMEOUT_MS = 1500;
const LONG_S = 4;
const LONG_TIMEOUT_MS = 120_000;

type Row = readonly [name: string, header: string, more?: { only?: 'stream' | 'buffered'; tools?: true; short?: true }];

const STATUSES = [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504] as const;

const ROWS: readonly Row[] = [
  ...STATUSES.map((status) => [`status ${status}`, `status; status=${status}`] as const),
  ['latency, longer than the time-out', 'latency; delay_s=60', { short: true }],
  ['silence, longer than the time-out', `silence; duration_s=${LONG_S}; interval_s=0.2`, { short: true }],
  ['blank_lines', 'blank_lines'],
  ['error_in_200', 'error_in_200'],
  ['cut', 'cut; after=2'],
  ['cut, how: close', 'cut; after=2; how=close'],
  ['cut, how: end', 'cut; after=2; how=end', { only: 'stream' }],
  ['error_event', 'error_event; after=2', { only: 'stream' }],
  ['insufficient_system_resource', 'insufficient_system_resource; after=2'],
  ['empty_content', 'empty_content'],
  ['invalid_tool_json', 'invalid_tool_json', { tools: true }],
  ['malformed_chunk', 'malformed_chunk; after=2', { only: 'stream' }],
  ['duplicate_chunk', 'duplicate_chunk; after=2', { only: 'stream' }],
  ['missing_finish_reason', 'missing_finish_reason'],
  ['missing_done', 'missing_done', { only: 'stream' }],
  ['truncated_json', 'truncated_json', { only: 'buffered' }],
  ['stall, longer than the time-out', `stall; after=2; duration_s=${LONG_S}`, { only: 'stream', short: true }],
  [
    'stall with keep-alives, longer than the time-out',
    `stall; after=2; duration_s=${LONG_S}; keep_alives=true; interval_s=0.2`,
    { only: 'stream', short: true },
  ],
  ['slow_drip, longer than the time-out', 'slow_drip; bytes_per_s=200', { short: true }],
];

export const CASES: readonly FaultCase[] = ROWS.flatMap(([name, header, more = {}]) =>
  ([false, true] as const)
    .filter((stream) => more.only === undefined || (more.only === 'stream') === stream)
    .map((stream) => ({
      name,
      header,
      stream,
      ...(more.tools && { tools: true as const }),
      timeoutMs: more.short ? SHORT_TIMEOUT_MS : LONG_TIMEOUT_MS,
    })),
);

/** What identifies a case. */
export function keyOf({ name, stream }: Pick<FaultCase, 'name' | 'stream'>): string {
  return `${name}, ${stream ? 'streamed' : 'buffered'}`;
}

/** What every case asks for. */
export function bodyOf({ tools }: FaultCase) {
  const weather = { name: 'get_weather', description: 'The weather of a city.', parameters: { type: 'object' } };
  return {
    model: 'deepseek-chat',
    messages: [{ role: 'user' as const, content: 'Hi' }],
    ...(tools && { tools: [{ type: 'function' as const, function: weather }] }),
  };
}
