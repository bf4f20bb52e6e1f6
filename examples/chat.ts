/** The first call: the OpenAI SDK with another base URL, key and model. Run: `node examples/dist/chat.js "Your question"`. */
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});

const answer = await client.chat.completions.create({
  model: 'deepseek-chat',
  messages: [{ role: 'user', content: process.argv[2] ?? 'What is the capital of France?' }],
});

console.log(answer.choices[0]?.message.content);
