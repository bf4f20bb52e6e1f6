/** What each client makes of each fault: what the test holds against the clients, and the table of the guide. */
import { CASES, type FaultCase } from './cases.js';

type Form = 'both' | 'buffered' | 'streamed';

/** The columns, in the words of `describeSeen`. */
export interface ExpectedRow {
  readonly name: string;
  readonly form: Form;
  readonly node: string;
  readonly python: string;
  readonly kit: string;
}

const ROWS: readonly (readonly [name: string, form: Form, node: string, python: string, kit: string])[] = [
  ['status 400', 'both', '`BadRequestError`', '`BadRequestError`', '`invalid_request`'],
  ['status 401', 'both', '`AuthenticationError`', '`AuthenticationError`', '`authentication`'],
  ['status 402', 'both', '`APIError`', '`APIStatusError`', '`insufficient_balance`'],
  ['status 403', 'both', '`PermissionDeniedError`', '`PermissionDeniedError`', '`authentication`'],
  ['status 404', 'both', '`NotFoundError`', '`NotFoundError`', '`invalid_request`'],
  ['status 413', 'both', '`APIError`', '`APIStatusError`', '`invalid_request`'],
  ['status 422', 'both', '`UnprocessableEntityError`', '`UnprocessableEntityError`', '`invalid_request`'],
  [
    'status 429',
    'both',
    '`RateLimitError`, 3 tries',
    '`RateLimitError`, 3 tries',
    '`rate_limited`, tried until its deadline',
  ],
  ['status 500', 'both', '`InternalServerError`, 3 tries', '`InternalServerError`, 3 tries', '`server_error`, 3 tries'],
  ['status 502', 'both', '`InternalServerError`, 3 tries', '`InternalServerError`, 3 tries', '`server_error`, 3 tries'],
  ['status 503', 'both', '`InternalServerError`, 3 tries', '`InternalServerError`, 3 tries', '`server_error`, 3 tries'],
  ['status 504', 'both', '`InternalServerError`, 3 tries', '`InternalServerError`, 3 tries', '`server_error`, 3 tries'],
  [
    'latency, longer than the time-out',
    'both',
    '`APIConnectionTimeoutError`, 3 tries',
    '`APITimeoutError`, 3 tries',
    '`timeout`, 3 tries',
  ],
  [
    'silence, longer than the time-out',
    'buffered',
    '`APIConnectionTimeoutError`, 3 tries',
    'the answer, after its time-out',
    '`timeout`, 3 tries',
  ],
  [
    'silence, longer than the time-out',
    'streamed',
    'the answer, after its time-out',
    'the answer, after its time-out',
    '`timeout`, 3 tries',
  ],
  ['blank_lines', 'buffered', '`SyntaxError`', '`JSONDecodeError`', '`invalid_answer`, 3 tries'],
  ['blank_lines', 'streamed', '**nothing, no error**', '**nothing, no error**', '`server_error`, 3 tries'],
  ['error_in_200', 'buffered', '**nothing, no error**', '`TypeError`', '`server_error`, 3 tries'],
  ['error_in_200', 'streamed', '`APIError`', '`APIError`', '`server_error`, 3 tries'],
  ['cut', 'buffered', '`APIConnectionError`, 3 tries', '`APIConnectionError`, 3 tries', '`connection`, 4 tries'],
  [
    'cut',
    'streamed',
    'a part, then `TypeError`',
    'a part, then `APIConnectionError`',
    'a part, then `stream_interrupted`',
  ],
  [
    'cut, how: close',
    'buffered',
    '`APIConnectionError`, 3 tries',
    '`APIConnectionError`, 3 tries',
    '`connection`, 4 tries',
  ],
  [
    'cut, how: close',
    'streamed',
    'a part, then `TypeError`',
    'a part, then `APIConnectionError`',
    'a part, then `stream_interrupted`',
  ],
  ['cut, how: end', 'streamed', '**a part, no error**', '**a part, no error**', 'a part, then `stream_interrupted`'],
  [
    'error_event',
    'streamed',
    'a part, then `APIError`',
    'a part, then `APIError`',
    'a part, then `stream_interrupted`',
  ],
  [
    'insufficient_system_resource',
    'buffered',
    '**a part, no error**, `finish_reason: insufficient_system_resource`',
    '**a part, no error**, `finish_reason: insufficient_system_resource`',
    '`invalid_answer`, 3 tries',
  ],
  [
    'insufficient_system_resource',
    'streamed',
    '**a part, no error**, `finish_reason: insufficient_system_resource`',
    '**a part, no error**, `finish_reason: insufficient_system_resource`',
    'a part, then `stream_interrupted`',
  ],
  ['empty_content', 'both', '**nothing, no error**', '**nothing, no error**', '**nothing, no error**'],
  [
    'invalid_tool_json',
    'both',
    '**a call whose arguments are no JSON, no error**',
    '**a call whose arguments are no JSON, no error**',
    '**a call whose arguments are no JSON, no error**',
  ],
  [
    'malformed_chunk',
    'streamed',
    'a part, then `SyntaxError`',
    'a part, then `JSONDecodeError`',
    'a part, then `invalid_answer`',
  ],
  [
    'duplicate_chunk',
    'streamed',
    '**another text, no error**',
    '**another text, no error**',
    '**another text, no error**',
  ],
  [
    'missing_finish_reason',
    'buffered',
    'the answer, without a finish_reason',
    'the answer, without a finish_reason',
    '`stream_interrupted`',
  ],
  [
    'missing_finish_reason',
    'streamed',
    'the answer, without a finish_reason',
    'the answer, without a finish_reason',
    'a part, then `stream_interrupted`',
  ],
  ['missing_done', 'streamed', 'the answer', 'the answer', 'the answer'],
  ['truncated_json', 'buffered', '`SyntaxError`', '`JSONDecodeError`', '`invalid_answer`, 3 tries'],
  [
    'stall, longer than the time-out',
    'streamed',
    'the answer, after its time-out',
    'a part, then `APITimeoutError`',
    'a part, then `stream_interrupted`',
  ],
  [
    'stall with keep-alives, longer than the time-out',
    'streamed',
    'the answer, after its time-out',
    'the answer, after its time-out',
    'the answer, after its time-out',
  ],
  [
    'slow_drip, longer than the time-out',
    'buffered',
    '`APIConnectionTimeoutError`, 3 tries',
    'the answer, after its time-out',
    'the answer, after its time-out',
  ],
  [
    'slow_drip, longer than the time-out',
    'streamed',
    'the answer, after its time-out',
    'the answer, after its time-out',
    'the answer, after its time-out',
  ],
];

export const EXPECTED: readonly ExpectedRow[] = ROWS.map(([name, form, node, python, kit]) => ({
  ...{ name, form, node, python, kit },
}));

/** The row of a case. */
export function expectedOf({ name, stream }: Pick<FaultCase, 'name' | 'stream'>): ExpectedRow | undefined {
  const forms: readonly Form[] = ['both', stream ? 'streamed' : 'buffered'];
  return EXPECTED.find((row) => row.name === name && forms.includes(row.form));
}

/** The rows that no case belongs to. */
export function unusedRows(): ExpectedRow[] {
  return EXPECTED.filter((row) => !CASES.some((fault) => expectedOf(fault) === row));
}

/** The table as the guide has it. */
export function renderTable(): string {
  const head = ['fault', 'answer', 'OpenAI SDK for Node', 'OpenAI SDK for Python', 'the kit'];
  const rows = EXPECTED.map(({ name, form, node, python, kit }) => [nameOf(name), form, node, python, kit]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The fault itself as code, and what is said of it as words. */
function nameOf(name: string): string {
  return name.replace(/^(?:status \d+|\w+(?:, how: \w+)?)/, '`$&`');
}
