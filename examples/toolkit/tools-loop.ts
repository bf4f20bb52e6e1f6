/** Lets a model call a function until it can answer. Run: `node examples/dist/toolkit/tools-loop.js`. */
import { createKit, tool } from '@plumb/client';
import { z } from 'zod';

const kit = createKit({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});

const getWeather = tool({
  name: 'get_weather',
  description: 'The weather of a city.',
  input: z.object({ city: z.string() }),
  run: async ({ city }) => ({ city, sky: 'sunny', degrees: 24 }),
});

const { answer, steps, messages } = await kit.runTools({
  model: 'deepseek-chat',
  messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
  tools: [getWeather],
  maxSteps: 5,
  timeLimitMs: 60_000,
  onEvent: (event) => {
    if (event.type === 'call') console.log('calls', event.call.function.name, event.input);
    if (event.type === 'result') console.log('result', event.content);
  },
});

console.log(answer.content);
console.log(`${steps} steps, ${messages.length} messages`);
