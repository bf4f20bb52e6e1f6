/** Finds in a request body the three fields that the stub upstream goes by, without parsing all of a large prompt. */

/** What is asked for. */
export interface AnswerRequest {
  isStream: boolean;
  /** Content chunks of a stream. */
  chunks: number;
  /** Time between two chunks, in microseconds; 0 sends all at once. */
  paceUs: number;
}

/** Bodies up to this size are searched whole; of larger ones first their ends, where the fields beside the prompt are. */
const WHOLE_BYTES_MAX = 16 * 1024;
const END_BYTES = 4 * 1024;
const DEFAULT_CHUNKS = 16;

/** `max_tokens` says how many chunks, `seed` how fast, `stream` whether at all. Gateways may have moved the fields. */
export function readRequest(body: Buffer): AnswerRequest {
  if (body.length <= WHOLE_BYTES_MAX) return readFields(body.toString('latin1'));
  const ends = body.toString('latin1', 0, END_BYTES) + body.toString('latin1', body.length - END_BYTES);
  return readFields(/"stream"/.test(ends) ? ends : body.toString('latin1'));
}

function readFields(text: string): AnswerRequest {
  if (!/"stream"\s*:\s*true/.test(text)) return { isStream: false, chunks: 0, paceUs: 0 };
  return {
    isStream: true,
    chunks: readNumber(/"max_(?:completion_)?tokens"\s*:\s*(\d+)/, text) ?? DEFAULT_CHUNKS,
    paceUs: readNumber(/"seed"\s*:\s*(\d+)/, text) ?? 0,
  };
}

function readNumber(pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
