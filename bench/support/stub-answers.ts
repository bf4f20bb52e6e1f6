/** What the stub upstream answers, byte for byte the same for everyone: in the format of the OpenAI API, as engines write it. */

const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 40 },
};
const FRAME = {
  id: 'chatcmpl-6f9619ff8b86d011b42d',
  created: 1_790_000_000,
  model: 'stub',
  system_fingerprint: 'fp_stub',
};
const WORDS = [
  'A',
  ' gateway',
  ' passes',
  ' requests',
  ' on',
  ' and',
  ' is',
  ' judged',
  ' by',
  ' what',
  ' it',
  ' adds',
];

/** One JSON object: a whole answer of about 600 bytes. */
export function createBufferedAnswer(): Buffer {
  const message = { role: 'assistant', content: WORDS.join('').repeat(3) };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  return Buffer.from(JSON.stringify({ ...FRAME, object: 'chat.completion', choices, usage: USAGE }));
}

/** The events of a stream: a role, `count - 3` words, a finish reason, the usage; then `[DONE]`. At least 4. */
export function createChunks(count: number): Buffer[] {
  const words = Array.from({ length: Math.max(1, count - 3) }, (_, index) => createWord(index));
  return [
    createChunk({ choices: [createChoice({ role: 'assistant', content: '' }, null)] }),
    ...words,
    createChunk({ choices: [createChoice({}, 'stop')] }),
    createChunk({ choices: [], usage: USAGE }),
    DONE,
  ];
}

/** The event of the word at a place. */
export function createWord(index: number): Buffer {
  return createChunk({ choices: [createChoice({ content: WORDS[index % WORDS.length] }, null)] });
}

/** The end of every stream. */
export const DONE = Buffer.from('data: [DONE]\n\n');

function createChoice(delta: object, finishReason: string | null): object {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason };
}

function createChunk(parts: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ ...FRAME, object: 'chat.completion.chunk', ...parts })}\n\n`);
}
