/** The limiter by itself, around requests that are sent in some other way. Run: `node examples/dist/toolkit/limits.js`. */
import { createLimiter } from '@plumb/client';
import { createSharedLimiter } from '@plumb/client/node';

const baseURL = process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1';
const key = process.env.PLUMB_API_KEY ?? '';
const limiter = createLimiter({ limits: { requestsPerMinute: 300, tokensPerMinute: 150_000, concurrency: 50 } });

const permit = await limiter.admit({ promptTokens: 420, answerTokensMax: 1000 }, AbortSignal.timeout(600_000));
const response = await fetch(`${baseURL}/chat/completions`, {
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1000 }),
});
permit.answered(response.headers);
const { usage } = (await response.json()) as { usage: { total_tokens: number } };
permit.settle(usage.total_tokens);

console.log(limiter.snapshot().axes.map(({ axis, limit, used }) => `${axis} ${used} of ${limit}`));

// All processes of this user that send with this key keep its limits together.
const shared = createSharedLimiter({ endpoint: baseURL, key, model: 'deepseek-chat', limits: {} });
shared.close();
