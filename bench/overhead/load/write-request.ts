/** Writes the one request that a load repeats, as bytes. */
import type { RequestShape, StreamShape, Target } from './protocol.js';

/** Tokens of a buffered answer. A gateway that asks the engine for a stream in any case gets as many chunks. */
const BUFFERED_TOKENS = 16;
/** Bytes of text in one message of a long conversation. */
const MESSAGE_BYTES = 540;
const SENTENCES = [
  'The first sentence of a turn says what it is about, and the others say why it matters to whoever reads it. ',
  'A limit that nobody knows of is found by those who run into it, usually at night and far away from the machine. ',
  // Not every prompt is ASCII: one such letter makes the text a string of two bytes a letter.
  '网关每次转发都要读完整个请求，然后才知道该做什么。',
  'What is measured twice is measured better, if the second time is not simply the first one written down again. ',
];

/** The whole request, head and body. */
export function writeRequest(target: Target, shape: RequestShape): Buffer {
  const body = writeBody(shape, target.model);
  const lines = [
    `POST ${target.path} HTTP/1.1`,
    `host: 127.0.0.1:${target.port}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    ...Object.entries(target.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** A chat completion request of this size, to a few bytes: one message, or a long conversation. */
export function writeBody({ bodyBytes, stream }: RequestShape, model = 'm'): Buffer {
  const messages: { role: string; content: string }[] = [];
  let missing = bodyBytes - Buffer.byteLength(writeJson(model, messages, stream));
  while (missing > 0) {
    const role = messages.length % 2 === 0 ? 'user' : 'assistant';
    const rest = missing - Buffer.byteLength(JSON.stringify({ role, content: '' })) - 1;
    // What is left over when another turn of two messages does not fit goes into the last one, which the user writes.
    const isLast = role === 'user' && rest < 4 * MESSAGE_BYTES;
    const content = writeText(isLast ? rest : MESSAGE_BYTES, messages.length);
    messages.push({ role, content });
    missing = isLast ? 0 : rest - Buffer.byteLength(content);
  }
  return Buffer.from(writeJson(model, messages, stream));
}

function writeJson(model: string, messages: object[], stream: StreamShape | undefined): string {
  const streamed = stream && { stream_options: { include_usage: true }, seed: stream.paceUs };
  return JSON.stringify({
    model,
    stream: stream !== undefined,
    max_tokens: stream?.chunks ?? BUFFERED_TOKENS,
    ...streamed,
    messages,
  });
}

function writeText(bytes: number, number: number): string {
  let text = `${number}: `;
  for (let index = number; Buffer.byteLength(text) < bytes; index++) text += SENTENCES[index % SENTENCES.length];
  const encoded = Buffer.from(text).subarray(0, Math.max(0, bytes));
  // A letter that is cut in the middle becomes a replacement character, which has as many bytes as most that are cut.
  return encoded.toString().replaceAll('\uFFFD', '.');
}
