/** Gets a value of a schema out of a model. Run: `node examples/dist/toolkit/structured.js`. */
import { createKit } from '@plumb/client';
import { z } from 'zod';

const kit = createKit({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});

const Report = z.object({
  city: z.string().min(1),
  weather: z.enum(['sunny', 'rainy']),
  days: z.number().int().describe('How long it lasts.'),
});

const { value, strategy, attempts } = await kit.parse(Report, {
  model: 'deepseek-chat',
  messages: [{ role: 'user', content: 'Three sunny days in Paris. Report as JSON.' }],
});

console.log(value.city, value.weather, value.days);
console.log(`by ${strategy} in ${attempts} answer(s)`);
