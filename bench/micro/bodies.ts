/** The bodies of requests that the steps work on: of several lengths, in ASCII and with Chinese in them. */
import type { ChatRequest } from '@plumb/wire';

export interface Body {
  readonly name: string;
  readonly bytes: Buffer;
}

const SENTENCE = 'A gateway passes requests on, and is judged by what it adds to each of them. ';
/** Not in Latin-1: one character of it makes a decoded string twice as large. */
const CHINESE = '网关转发请求,人们以它给每个请求增加的负担来评价它。';

const TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city on a day.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, day: { type: 'string', description: 'Such as 2026-11-25.' } },
      required: ['city'],
    },
  },
};

/** 0.4 KB, 2 KB with a tool, 20 KB, 100 KB and 1 MB; the longer ones also with Chinese. */
export function makeBodies(): Body[] {
  return [
    { name: '0.4 KB', bytes: makeBody(400, 1, SENTENCE) },
    { name: '2 KB, a tool', bytes: makeBody(2_000, 9, SENTENCE, { tools: [TOOL], tool_choice: 'auto' }) },
    { name: '20 KB', bytes: makeBody(20_000, 40, SENTENCE) },
    { name: '20 KB, Chinese', bytes: makeBody(20_000, 40, SENTENCE + CHINESE) },
    { name: '100 KB', bytes: makeBody(100_000, 189, SENTENCE) },
    { name: '100 KB, Chinese', bytes: makeBody(100_000, 189, SENTENCE + CHINESE) },
    { name: '1 MB', bytes: makeBody(1_000_000, 1, SENTENCE) },
    { name: '1 MB, Chinese', bytes: makeBody(1_000_000, 1, CHINESE) },
  ];
}

/** A chat of about so many bytes in so many messages of user and assistant by turns, after one of the system. */
export function makeBody(bytes: number, messages: number, text: string, more: object = {}): Buffer {
  const frame = Buffer.byteLength(JSON.stringify(makeChat(Array(messages).fill(''), more)));
  const perMessage = Math.max(1, (bytes - frame) / messages);
  const repeated = text.repeat(Math.ceil(perMessage / Buffer.byteLength(text)));
  const content = Buffer.from(repeated)
    .subarray(0, perMessage)
    .toString()
    .replace(/\ufffd+$/, '');
  return Buffer.from(JSON.stringify(makeChat(Array(messages).fill(content), more)));
}

function makeChat(contents: readonly string[], more: object): ChatRequest {
  return {
    model: 'deepseek-chat',
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      ...contents.map((content, index) => ({
        role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
        content,
      })),
    ],
    max_tokens: 256,
    temperature: 0.7,
    stream: false,
    ...more,
  };
}
