/** Streams what the reasoner thinks, dimmed, and then its answer. Run: `node examples/dist/stream-reasoning.js "Your question"`. */
import { styleText } from 'node:util';
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});

const stream = await client.chat.completions.create({
  model: 'deepseek-reasoner',
  messages: [{ role: 'user', content: process.argv[2] ?? 'Which is larger, 9.9 or 9.11?' }],
  stream: true,
});

for await (const chunk of stream) {
  // DeepSeek's field for what a model thinks; OpenAI's types do not have it.
  const delta = chunk.choices[0]?.delta as { content?: string | null; reasoning_content?: string | null } | undefined;
  if (delta?.reasoning_content) process.stdout.write(styleText('dim', delta.reasoning_content));
  if (delta?.content) process.stdout.write(delta.content);
}
process.stdout.write('\n');
