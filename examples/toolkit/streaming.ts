/** Streams what a model thinks, dimmed, and then its answer. Run: `node examples/dist/toolkit/streaming.js "Your question"`. */
import { styleText } from 'node:util';
import { createKit, KitError } from '@plumb/client';

const kit = createKit({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});

const answer = await kit.stream({
  model: 'deepseek-reasoner',
  messages: [{ role: 'user', content: process.argv[2] ?? 'Which is larger, 9.9 or 9.11?' }],
});

try {
  for await (const event of answer) {
    if (event.type === 'reasoning') process.stdout.write(styleText('dim', event.text));
    if (event.type === 'content') process.stdout.write(event.text);
  }
} catch (error) {
  // What had come of an answer that was cut is in `partial`.
  if (!KitError.is(error) || error.code !== 'stream_interrupted') throw error;
  console.error(`\n${error.message}`);
}

const { usage } = await answer.final();
console.log(`\n${usage?.completion_tokens} tokens`);
