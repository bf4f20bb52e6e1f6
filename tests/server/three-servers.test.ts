/** Three servers on one Redis and one PostgreSQL, under load: they admit as one, and their books add up as one's. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { Operator } from '../support/operator.js';
import { postgresIsMissing, startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { PRICED_MODEL } from '../support/priced-model.js';
import { redisIsMissing, startRedis, type TestRedis } from '../support/redis-server.js';
import { type SpawnedServer, spawnServer } from '../support/spawn-server.js';

const SERVERS = 3;
const SECRET = 'f'.repeat(64);
const USED = { prompt: 10, completion: 5, cached: 4 };
/** What one answer costs, in nano-units, and the most that it may cost. */
const COST = 16_400n;
const MOST = 10_000n + 2000n * 20n;
const CHAT = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 };

const TIERS = {
  requests: { requests_per_minute: 50 },
  tokens: { tokens_per_minute: 1000 },
  places: { concurrent_requests: 4 },
  money: {},
};

let redis: TestRedis;
let postgres: TestPostgres;
before(async () => {
  if (redisIsMissing || postgresIsMissing) return;
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});
after(async () => {
  await redis?.stop();
  await postgres?.stop();
});

function startServer(dataDir: string, url: string): Promise<SpawnedServer> {
  const settings = {
    models: [PRICED_MODEL],
    tiers: TIERS,
    default_tier: 'money',
    database: { url, connections: 5 },
    shared_limits: { redis_url: redis.url, on_lost: 'refuse', servers: SERVERS, timeout_s: 5 },
  };
  return spawnServer({ dataDir, used: USED, settings, secret: SECRET });
}

/** Starts all of them together, so that they meet at the migrations and at the first key as well. */
function startServers(dataDir: string, url: string): Promise<SpawnedServer[]> {
  return Promise.all(Array.from({ length: SERVERS }, () => startServer(dataDir, url)));
}

interface Asked {
  readonly status: number;
  readonly remainingTokens: string | null;
}

async function ask({ url }: SpawnedServer, key: string, stream: boolean): Promise<Asked> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...CHAT, model: 'deepseek-chat', stream }),
  });
  await response.text();
  return { status: response.status, remainingTokens: response.headers.get('x-ratelimit-remaining-tokens') };
}

/** Sends so many requests at once, spread over the servers, and counts the answers by status. */
async function askAll(servers: readonly SpawnedServer[], key: string, times: number): Promise<Record<number, number>> {
  const asked = await Promise.all(
    Array.from({ length: times }, (_, index) => ask(servers[index % SERVERS]!, key, index % 2 === 0)),
  );
  const counts: Record<number, number> = {};
  for (const { status } of asked) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('three servers on one Redis and one PostgreSQL', { skip: redisIsMissing || postgresIsMissing }, () => {
  test('admit no request too many and spend no nano-unit that is not there', async (context) => {
    const dataDir = await temporaryFolder(context);
    const url = await postgres.createDatabase();
    const servers = await startServers(dataDir, url);
    context.after(() => Promise.all(servers.map((server) => server.kill())));
    assert.equal(servers.filter(({ key }) => key !== undefined).length, 1, 'one of them made the first key');
    const operator = await Operator.open(context, { dataDir, database: { url, connections: 5 }, secret: SECRET });
    const open = async (tier: string, amount: string) => {
      const { key, account } = await operator.issueKey({ accountName: tier });
      await operator.access.administration.accounts.changeAccount(account.id, { tier }, { actor: 'test', at: 1 });
      await operator.fund(account.id, amount);
      return { key, account };
    };

    const requests = await open('requests', '100');
    assert.deepEqual(await askAll(servers, requests.key, 150), { 200: 50, 429: 100 });

    // Each reserves 30 tokens and uses 15: no more can be admitted than fit with what they used, no fewer than reserved.
    const tokens = await open('tokens', '100');
    const byTokens = await askAll(servers, tokens.key, 150);
    assert.ok(
      byTokens[200]! <= Math.floor(1000 / 15) && byTokens[200]! >= Math.floor(1000 / 30),
      JSON.stringify(byTokens),
    );
    assert.equal(byTokens[200]! + byTokens[429]!, 150);

    const places = await open('places', '100');
    const byPlaces = await askAll(servers, places.key, 150);
    assert.ok(byPlaces[200]! >= 4, JSON.stringify(byPlaces));

    // Money for 20 answers and for the most that one more may cost: it is the last that any of them serves.
    const funds = 20n * COST + MOST;
    const money = await open('money', `0.${funds.toString().padStart(9, '0')}`);
    let served = 0;
    for (let round = 0; round < 10; round++) served += (await askAll(servers, money.key, 30))[200] ?? 0;
    assert.equal(served, 21);
    const { granted, toppedUp } = await operator.balanceOf(money.account.id);
    assert.equal(granted + toppedUp, funds - COST * BigInt(served));

    await operator.assertSettled();
    const usage = await operator.usage();
    const charged = usage.filter(({ cost }) => cost === COST).length;
    assert.equal(charged, 50 + byTokens[200]! + byPlaces[200]! + served);
  });

  test('go on with the books of one that was killed', async (context) => {
    const dataDir = await temporaryFolder(context);
    const url = await postgres.createDatabase();
    const [killed, ...others] = await startServers(dataDir, url);
    context.after(() => Promise.all(others.map((server) => server.kill())));
    const operator = await Operator.open(context, { dataDir, database: { url, connections: 5 }, secret: SECRET });
    const { key, account } = await operator.issueKey({ accountName: 'money' });
    await operator.fund(account.id, '100');
    const complete: number[] = [];
    const load = async (server: SpawnedServer, times: number) => {
      for (let time = 0; time < times; time++) {
        const { status } = await ask(server, key, true).catch(() => ({ status: 0 }));
        if (status === 200) complete.push(status);
        if (status === 0) return;
      }
    };
    const running = Promise.all(
      [...Array(8)].map(() => load(killed!, 1000)).concat(others.map((one) => load(one, 40))),
    );
    while (complete.length < 60) await new Promise((resolve) => setTimeout(resolve, 1));
    await killed!.kill();
    await running;
    const restarted = await startServer(dataDir, url);
    context.after(() => restarted.kill());
    await operator.assertSettled();
    const usage = await operator.usage();
    const charges = (await operator.entriesOf(account.id)).filter(({ kind }) => kind === 'charge');
    assert.ok(usage.length >= complete.length);
    assert.equal(charges.length, usage.length);
    const { granted, toppedUp } = await operator.balanceOf(account.id);
    assert.equal(granted + toppedUp, 100_000_000_000n - usage.reduce((sum, { cost }) => sum + cost, 0n));
  });
});
