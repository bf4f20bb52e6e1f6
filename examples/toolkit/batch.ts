/** Asks all lines of a list, as fast as the limits let. Run: `node examples/dist/toolkit/batch.js`. */
import { createKit } from '@plumb/client';

const kit = createKit({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});

const lines = ['Paris', 'Bern', 'Rome'].map((city) => ({
  custom_id: city,
  body: { model: 'deepseek-chat', messages: [{ role: 'user', content: `The river of ${city}?` }] },
}));

// With a path for the lines and `{ output: 'out.jsonl' }`, results are kept in files and nothing is asked twice.
const run = kit.batch(lines);
for await (const { customId, succeeded } of run) console.log(customId, succeeded ? 'answered' : 'failed');
