/** What happens when an endpoint keeps failing, and whom it is told. Run: `node examples/dist/toolkit/incidents.js`. */
import { createKit, KitError } from '@plumb/client';

const kit = createKit({
  baseURL: process.env.BROKEN_BASE_URL ?? 'http://127.0.0.1:65530/v1',
  retry: { maxAttempts: 8, deadlineMs: 20_000, baseMs: 10 },
  breaker: { waitMs: 1000 },
  onEvent: (event) => {
    if (event.type === 'retry') console.log(`again in ${Math.round(event.waitMs)} ms`);
  },
  onIncident: ({ endpoint, model, failures, lastReason }) => {
    console.log(`${endpoint} ${model}: ${failures} failures, the last one: ${lastReason}`);
  },
});

try {
  await kit.chat({ model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }] });
} catch (error) {
  if (!KitError.is(error)) throw error;
  console.log(`${error.code} after ${error.attempts.length} attempts`);
}
