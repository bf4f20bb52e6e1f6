/** Gets a value of a schema out of a model. Run: `node examples/dist/toolkit/structured.js`. */
import { type KnownRungs, parse } from '@plumb/client';
import { z } from 'zod';

const endpoint = {
  baseUrl: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  headers: () => ({ authorization: `Bearer ${process.env.PLUMB_API_KEY}` }),
  fetch,
};

const Report = z.object({
  city: z.string().min(1),
  weather: z.enum(['sunny', 'rainy']),
  days: z.number().int().describe('How long it lasts.'),
});

// One for the whole program: it remembers what each endpoint can.
const known: KnownRungs = new Map();

const { value, strategy, attempts } = await parse(
  endpoint,
  Report,
  { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Three sunny days in Paris. Report as JSON.' }] },
  { known },
);

console.log(value.city, value.weather, value.days);
console.log(`by ${strategy} in ${attempts} answer(s)`);
