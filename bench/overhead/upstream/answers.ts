/** What the stub upstream answers, as bytes that are ready to be sent. */
import { STAMP_DIGITS, STAMP_MARK } from '../http/event-counter.js';

const ID = 'chatcmpl-6f1d7c52-9a0e-4c8b-b3f4-2d5e8a7c1b90';
const CREATED = 1_793_000_000;
const FINGERPRINT = 'fp_8802369eaa_prod0820_fp8_kvcache';
const USAGE = {
  prompt_tokens: 212,
  completion_tokens: 16,
  total_tokens: 228,
  prompt_tokens_details: { cached_tokens: 128 },
  prompt_cache_hit_tokens: 128,
  prompt_cache_miss_tokens: 84,
};
const TEXT = 'A gateway is judged by what it adds to the time and the work of an answer.';

/** The answer to a request without `stream`, about 800 bytes with its head. */
export const BUFFERED_ANSWER = encodeJson({
  id: ID,
  object: 'chat.completion',
  created: CREATED,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, logprobs: null, finish_reason: 'stop' }],
  usage: USAGE,
  system_fingerprint: FINGERPRINT,
});

/** The list of models, which also shows that the stub is well. */
export const MODEL_LIST = encodeJson({
  object: 'list',
  data: [{ id: 'm', object: 'model', created: CREATED, owned_by: 'stub' }],
});

/** The head of a stream and its first chunk, which names the role. */
export const STREAM_OPENING = Buffer.concat([
  Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
  ),
  encodeEvent(encodeChunk({ role: 'assistant', content: '' })),
]);

/** The end of a stream: the finish reason, the usage, `[DONE]` and the last chunk of the body. */
export const STREAM_ENDING = Buffer.concat([
  encodeEvent(encodeChunk({ content: '' }, 'stop')),
  encodeEvent(JSON.stringify({ ...describeChunk([]), usage: USAGE })),
  encodeEvent('[DONE]'),
  Buffer.from('0\r\n\r\n'),
]);

const [BEFORE_STAMP, AFTER_STAMP] = cutAtStamp();

/** A chunk of content that says when it was sent. */
export function encodeStampedChunk(sentUs: number): string {
  return BEFORE_STAMP + String(sentUs).padStart(STAMP_DIGITS, '0') + AFTER_STAMP;
}

/** A whole stream of so many chunks of content, without times. */
export function encodeStream(chunks: number): Buffer {
  const chunk = encodeEvent(encodeChunk({ content: ' microseconds of work' }));
  return Buffer.concat([STREAM_OPENING, ...Array.from({ length: chunks }, () => chunk), STREAM_ENDING]);
}

function cutAtStamp(): [before: string, after: string] {
  const placeholder = STAMP_MARK + '0'.repeat(STAMP_DIGITS);
  const [before, after] = encodeEvent(encodeChunk({ content: placeholder }))
    .toString('latin1')
    .split(placeholder);
  return [before! + STAMP_MARK, after!];
}

function encodeChunk(delta: object, finishReason: string | null = null): string {
  return JSON.stringify(describeChunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }]));
}

function describeChunk(choices: object[]): object {
  return {
    id: ID,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: 'm',
    system_fingerprint: FINGERPRINT,
    choices,
  };
}

/** One event in one chunk of the transfer coding. */
function encodeEvent(data: string): Buffer {
  const event = `data: ${data}\n\n`;
  return Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`, 'latin1');
}

function encodeJson(value: object): Buffer {
  const text = JSON.stringify(value);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
}
