/**
 * A server with everything switched on: key, limits of account and key, prices, a durable ledger, the access log. Takes
 * its data folder and the engine's address; prints its own address and its first key.
 */
import { startServer } from '@plumb/server';
import { createLog } from '#server/observe/log.js';
import { readTestConfig } from '../../support/plumb.js';

const [dataDir = '', upstream = ''] = process.argv.slice(2);
const engine = { kind: 'openai', url: upstream, model: 'plain', context_tokens: 131_072 };
const limits = { requests_per_minute: 10_000_000, tokens_per_minute: 10_000_000_000, concurrent_requests: 10_000 };
const price = { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 };
const config = await readTestConfig(dataDir, {
  pools: { plain: { engines: { one: engine } } },
  models: [{ id: 'deepseek-chat', aliases: [], pool: 'plain', thinking: 'disabled', owned_by: 'test', price }],
  tiers: { measured: limits },
  default_tier: 'measured',
});
const server = await startServer({ config, model: {}, log: createLog('info') });
process.stdout.write(`${JSON.stringify({ url: server.url, key: server.firstKey })}\n`);
process.once('SIGTERM', () => void server.stop(5000));
