/** Existing code with the OpenAI SDK, with limits and retries. Run: `node examples/dist/toolkit/openai-sdk.js`. */
import { createKit } from '@plumb/client';
import OpenAI from 'openai';

const kit = createKit({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
  limits: { requestsPerMinute: 300, concurrency: 20 },
});
const openai = new OpenAI({ ...kit.openai() });

const questions = ['Name a planet.', 'Name a metal.', 'Name a river.'];
const answers = await Promise.all(
  questions.map(async (content) => {
    const { choices } = await openai.chat.completions.create({
      model: 'deepseek-chat',
      messages: [{ role: 'user', content }],
    });
    return choices[0]?.message.content;
  }),
);

console.log(answers.join('\n'));
