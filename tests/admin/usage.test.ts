/** Usage over the admin API: sums, and records of any number. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { KeyHasher } from '#server/accounts/api-key.js';
import { Administration } from '#server/admin/administration.js';
import { RecordAnswer, UsageList } from '#server/admin/shapes/usage.js';
import { handleRequest } from '#server/http/handle-request.js';
import type { UsageRecord, UsageStore } from '#server/ledger/usage.js';
import { systemClock } from '#server/observe/clock.js';
import { renderRequest } from '../support/raw-http.js';
import { type AdminServer, assertShape, insertUsage, startAdmin, type UsageRow } from './support/admin.js';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 10, 25, 12);

let admin: AdminServer;
let search: { id: string; account_id: string };
let ads: { id: string; account_id: string };

before(async () => {
  admin = await startAdmin();
  for (const name of ['search', '=ads', 'busy']) await admin.call('POST', '/accounts', { name });
  search = (await admin.call('POST', '/keys', { account: 'search', name: 'ci, "nightly"' })).body;
  ads = (await admin.call('POST', '/keys', { account: '=ads', name: 'prod' })).body;
  const of = (key: typeof search, changes: Partial<UsageRow>) => ({
    key_id: key.id,
    account_id: key.account_id,
    ...changes,
  });
  insertUsage(admin.plumb.dataDir, [
    of(search, { request_id: 'a', cost: 1_500_000_000 }),
    of(search, { request_id: 'b', at: NOON + DAY_MS / 2, model: 'deepseek-reasoner', outcome: 'client_left' }),
    of(search, { request_id: 'c', at: NOON + DAY_MS / 2 - 1, stream: 1 }),
    of(ads, { request_id: 'd', at: NOON - DAY_MS, cost: 9_007_199_254_740_993n }),
    of(ads, { request_id: 'e', at: NOON - DAY_MS, cost: 0, prompt_tokens: 1_000_000_000_000 }),
  ]);
});
after(() => admin.stop());

const usage = async (query: string) => (await admin.call('GET', `/usage${query}`)).body.data;

describe('a sum of usage', () => {
  test('is over everything when nothing is told apart', async () => {
    const { body } = await admin.call('GET', '/usage');
    assertShape(UsageList, body);
    assert.deepEqual(body.data, [
      {
        requests: 5,
        prompt_tokens: 1_000_000_000_040,
        cache_hit_tokens: 20,
        completion_tokens: 25,
        reasoning_tokens: 10,
        cost: '9007200.754742993',
        currency: 'USD',
      },
    ]);
  });

  test('over nothing is zero', async () => {
    const [sum] = await usage('?from=2031-01-01');
    assert.deepEqual([sum.requests, sum.prompt_tokens, sum.cost], [0, 0, '0.00']);
    assert.deepEqual(await usage('?from=2031-01-01&group_by=account'), []);
  });

  test('is apart by account, key, model and day, in any combination and in that order', async () => {
    const byAccount = await usage('?group_by=account');
    assert.deepEqual(
      byAccount.map((sum: { account: string; account_id: string; requests: number }) => [
        sum.account,
        sum.account_id,
        sum.requests,
      ]),
      [
        ['=ads', ads.account_id, 2],
        ['search', search.account_id, 3],
      ],
    );
    const byAll = await usage('?group_by=day,account,key,model');
    assertShape(UsageList, { data: byAll, next: null });
    assert.deepEqual(
      byAll.map(({ day, account, key, model, requests }: Record<string, unknown>) => [
        day,
        account,
        key,
        model,
        requests,
      ]),
      [
        ['2026-11-24', '=ads', 'prod', 'deepseek-chat', 2],
        ['2026-11-25', 'search', 'ci, "nightly"', 'deepseek-chat', 2],
        ['2026-11-26', 'search', 'ci, "nightly"', 'deepseek-reasoner', 1],
      ],
    );
    assert.deepEqual(
      (await usage('?group_by=model')).map(({ model, requests }: Record<string, unknown>) => [model, requests]),
      [
        ['deepseek-chat', 4],
        ['deepseek-reasoner', 1],
      ],
    );
  });

  test('counts records from a time on and before another one, of one account, key or model', async () => {
    const requests = async (query: string) => (await usage(query))[0].requests;
    assert.equal(await requests('?from=2026-11-25&to=2026-11-26'), 2);
    assert.equal(await requests('?from=2026-11-25T23:59:59.999Z&to=2026-11-26T00:00:00Z'), 1);
    assert.equal(await requests('?to=2026-11-25'), 2);
    assert.equal(await requests('?account=search'), 3);
    assert.equal(await requests(`?account=${ads.account_id}`), 2);
    assert.equal(await requests(`?key=${search.id}&model=deepseek-reasoner`), 1);
  });

  test('comes as comma-separated values in which no name is a formula', async () => {
    const answer = await admin.call('GET', '/usage?group_by=account,key&format=csv');
    assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/);
    assert.deepEqual(answer.text.split('\r\n'), [
      'account_id,account,key_id,key,requests,prompt_tokens,cache_hit_tokens,completion_tokens,reasoning_tokens,cost,currency',
      `${ads.account_id},'=ads,${ads.id},prod,2,1000000000010,8,10,4,9007199.254740993,USD`,
      `${search.account_id},search,${search.id},"ci, ""nightly""",3,30,12,15,6,1.500002,USD`,
      '',
    ]);
  });

  test('comes as lines of JSON', async () => {
    const answer = await admin.call('GET', '/usage?group_by=day&format=jsonl');
    assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
    const days = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).day);
    assert.deepEqual(days, ['2026-11-24', '2026-11-25', '2026-11-26']);
  });
});

describe('an export of records', () => {
  test('has every record as it is, oldest first', async () => {
    const answer = await admin.call('GET', '/usage/records?account=search');
    const records = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const record of records) assertShape(RecordAnswer, record);
    assert.deepEqual(
      records.map(({ request_id }) => request_id),
      ['a', 'c', 'b'],
    );
    assert.deepEqual(records[2], {
      request_id: 'b',
      at: '2026-11-26T00:00:00.000Z',
      account_id: search.account_id,
      key_id: search.id,
      model: 'deepseek-reasoner',
      outcome: 'client_left',
      stream: false,
      duration_ms: 100,
      prompt_tokens: 10,
      cache_hit_tokens: 4,
      completion_tokens: 5,
      reasoning_tokens: 2,
      cost: '0.000001',
      currency: 'USD',
    });
  });

  test('without a record is an empty text, or the head of a table', async () => {
    assert.equal((await admin.call('GET', '/usage/records?from=2031-01-01')).text, '');
    assert.match((await admin.call('GET', '/usage/records?from=2031-01-01&format=csv')).text, /^request_id,at,.*\r\n$/);
  });

  test('of 10,000 has each of them once, also those of the same millisecond', async () => {
    const key = (await admin.call('POST', '/keys', { account: 'busy' })).body;
    const rows = Array.from({ length: 10_000 }, (_, index) => ({
      key_id: key.id,
      account_id: key.account_id,
      at: NOON + Math.floor(index / 1300),
    }));
    insertUsage(admin.plumb.dataDir, rows);
    const { text } = await admin.call('GET', '/usage/records?account=busy');
    const ids = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).request_id);
    assert.equal(ids.length, 10_000);
    assert.equal(new Set(ids).size, 10_000);
    assert.deepEqual(ids, ids.toSorted());
    const csv = await admin.call('GET', '/usage/records?account=busy&format=csv');
    assert.equal(csv.text.trimEnd().split('\r\n').length, 10_001);
  });

  test('reads on only as the client takes it, and stops when the client leaves', async () => {
    const source = new EndlessRecords();
    const { port, close } = await serveRecordsFrom(source);
    const socket = connect(port, '127.0.0.1');
    try {
      const headers = { authorization: `Bearer ${admin.adminKey}` };
      socket.write(renderRequest({ path: '/admin/v1/usage/records?format=csv', headers }));
      await once(socket, 'data');
      socket.destroy();
      await source.released;
      assert.ok(source.taken < EndlessRecords.MAX, `${source.taken} records were read`);
    } finally {
      socket.destroy();
      await close();
    }
  });
});

/** So many records that a server which does not wait for its client reads them all before it notices anything. */
class EndlessRecords implements UsageStore {
  static readonly MAX = 100_000;
  taken = 0;
  readonly #done = Promise.withResolvers<void>();
  readonly released = this.#done.promise;

  sumUsage(): Promise<never[]> {
    return Promise.resolve([]);
  }

  async *readUsage(): AsyncIterable<UsageRecord> {
    try {
      while (this.taken < EndlessRecords.MAX) {
        this.taken += 1;
        yield {
          requestId: `request ${this.taken}`,
          accountId: 'a',
          keyId: 'k',
          model: 'm',
          at: this.taken,
          durationMs: 1,
          outcome: 'completed',
          stream: false,
          promptTokens: 1,
          cacheHitTokens: 0,
          completionTokens: 1,
          reasoningTokens: 0,
          cost: 1n,
        };
      }
    } finally {
      this.#done.resolve();
    }
  }
}

/** A second edge of the same server whose records come from elsewhere. */
async function serveRecordsFrom(usage: UsageStore) {
  const { platform } = admin.plumb.server;
  const { tiers, currency } = platform.administration;
  const hasher = new KeyHasher(new Uint8Array(32));
  // biome-ignore lint/suspicious/noExplicitAny: no other store is asked for an export without a filter.
  const stores = { usage } as any;
  const administration = new Administration({
    stores,
    hasher,
    clock: systemClock,
    tiers,
    catalog: platform.catalog,
    currency,
  });
  const server = createServer(
    (request, response) => void handleRequest({ ...platform, administration }, request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, close };
}
