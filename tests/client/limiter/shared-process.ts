/** A process for the tests of shared limits: sends as many requests as it is told, and says when each of them left. */
import { createSharedLimiter } from '#client/node/shared-limits.js';

interface Orders {
  readonly folder: string;
  readonly requestsPerMinute?: number;
  readonly concurrency?: number;
  readonly requests: number;
  /** How long each takes, in ms; -1 for ever. */
  readonly durationMs: number;
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const { folder, requests, durationMs, ...limits } = orders;
const limiter = createSharedLimiter({ endpoint: 'https://api.test', key: 'sk-secret', model: 'm', folder, limits });

await Promise.all(Array.from({ length: requests }, send));
limiter.close();
process.stdout.write('done\n');

async function send(): Promise<void> {
  const permit = await limiter.admit({ promptTokens: 10, answerTokensMax: 10 });
  process.stdout.write(`left ${Date.now()}\n`);
  if (durationMs < 0) return new Promise(() => setInterval(() => {}, 1000));
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  process.stdout.write(`ended ${Date.now()}\n`);
  permit.settle(15);
}
