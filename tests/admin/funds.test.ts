/** Money over the admin API, and what accounts see of it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startServer } from '@plumb/server';
import { AddedAnswer, CheckAnswer, EntryList } from '#server/admin/shapes/funds.js';
import { loadConfig } from '#server/config/load-config.js';
import { systemClock } from '#server/observe/clock.js';
import { openAccess } from '#server/store/open-access.js';
import { PlayedEngine } from '../support/played-engine.js';
import { type AdminServer, assertShape, startAdmin } from './support/admin.js';

let admin: AdminServer;
before(async () => {
  admin = await startAdmin();
});
after(() => admin.stop());

let names = 0;
async function newAccount(): Promise<string> {
  const { body } = await admin.call('POST', '/accounts', { name: `payer ${names++}` });
  return body.id;
}

describe('funds', () => {
  test('are credited and granted apart, to the nano-unit', async () => {
    const id = await newAccount();
    const credit = await admin.call('POST', `/accounts/${id}/credits`, { amount: '10.000000001', note: 'invoice 7' });
    assert.equal(credit.status, 201);
    assertShape(AddedAnswer, credit.body);
    assert.deepEqual(
      [credit.body.kind, credit.body.amount, credit.body.currency, credit.body.note],
      ['credit', '10.000000001', 'USD', 'invoice 7'],
    );
    const grant = await admin.call('POST', `/accounts/${id}/grants`, { amount: '0.5' });
    assert.deepEqual(grant.body.balance, {
      currency: 'USD',
      total: '10.500000001',
      granted: '0.50',
      topped_up: '10.000000001',
    });
    assert.deepEqual((await admin.call('GET', `/accounts/${id}`)).body.balance, grant.body.balance);
  });

  test('with a reference are added once, however often and at once the call is repeated', async () => {
    const id = await newAccount();
    const call = () => admin.call('POST', `/accounts/${id}/credits`, { amount: '5', reference: 'invoice-1' });
    const answers = await Promise.all([call(), call(), call(), call()]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 201]);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    assert.equal((await call()).body.balance.total, '5.00');
  });

  test('with a reference that was used for another amount are refused, and nothing is added', async () => {
    const id = await newAccount();
    await admin.call('POST', `/accounts/${id}/credits`, { amount: '5', reference: 'invoice-1' });
    const other = await admin.call('POST', `/accounts/${id}/credits`, { amount: '6', reference: 'invoice-1' });
    assert.equal(other.status, 409);
    assert.match(other.body.error.message, /"invoice-1" was used for 5\.00 already, now it is 6\.00/);
    assert.equal((await admin.call('GET', `/accounts/${id}`)).body.balance.total, '5.00');
    assert.equal((await admin.call('GET', `/accounts/${id}/ledger`)).body.data.length, 1);
  });

  test('of two accounts may have the same reference, and so may a credit and a grant', async () => {
    const [first, second] = [await newAccount(), await newAccount()];
    for (const path of [`/accounts/${first}/credits`, `/accounts/${first}/grants`, `/accounts/${second}/credits`])
      assert.equal((await admin.call('POST', path, { amount: '1', reference: 'same' })).status, 201);
  });

  test('are entries of the ledger, newest first, a page at a time', async () => {
    const id = await newAccount();
    for (let amount = 1; amount <= 5; amount++)
      await admin.call('POST', `/accounts/${id}/grants`, { amount: String(amount) });
    const first = (await admin.call('GET', `/accounts/${id}/ledger?limit=3`)).body;
    assertShape(EntryList, first);
    const second = (await admin.call('GET', `/accounts/${id}/ledger?limit=3&after=${first.next}`)).body;
    const amounts = [...first.data, ...second.data].map(({ amount }) => amount);
    assert.deepEqual(amounts, ['5.00', '4.00', '3.00', '2.00', '1.00']);
    assert.equal(second.next, null);
  });
});

describe('the check of the ledger', () => {
  test('finds nothing while every balance is the sum of its entries, and every balance that is not', async () => {
    const id = await newAccount();
    await admin.call('POST', `/accounts/${id}/credits`, { amount: '3' });
    const good = (await admin.call('GET', '/ledger/check')).body;
    assertShape(CheckAnswer, good);
    assert.deepEqual(good, { ok: true, imbalances: [] });
    admin.sql('update balances set granted = granted + 1 where account_id = ?', id);
    const bad = (await admin.call('GET', '/ledger/check')).body;
    assertShape(CheckAnswer, bad);
    assert.equal(bad.ok, false);
    assert.deepEqual(
      bad.imbalances.map((imbalance: { account_id: string }) => imbalance.account_id),
      [id],
    );
    assert.deepEqual(
      [bad.imbalances[0].balance.granted, bad.imbalances[0].sum_of_entries.granted],
      ['0.000000001', '0.00'],
    );
    admin.sql('update balances set granted = granted - 1 where account_id = ?', id);
  });
});

describe('GET /user/balance', () => {
  const balanceOf = async (key: string, path = '/user/balance') =>
    (await admin.plumb.request(path, { headers: { authorization: `Bearer ${key}` } })).text();

  test('shows strings with two decimals whose sum is the total, under every prefix', async () => {
    const id = await newAccount();
    const { key } = (await admin.call('POST', '/keys', { account: id })).body;
    await admin.call('POST', `/accounts/${id}/credits`, { amount: '100.009' });
    await admin.call('POST', `/accounts/${id}/grants`, { amount: '10.009' });
    const expected =
      '{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"110.00","granted_balance":"10.00","topped_up_balance":"100.00"}]}';
    for (const prefix of ['', '/v1', '/beta']) assert.equal(await balanceOf(key, `${prefix}/user/balance`), expected);
  });

  test('is available without money while no model has a price', async () => {
    assert.equal(JSON.parse(await balanceOf(admin.plumb.key)).is_available, true);
  });

  test('is not available without money once a model has a price, unless balances may fall below 0', async () => {
    const price = { input_cache_hit: 1, input_cache_miss: 1, output: 1 };
    for (const [required, available] of [
      [true, false],
      [false, true],
    ] as const) {
      const models = admin.plumb.server.platform.config.models.map((model) => ({ ...model, price }));
      const billing = { ...admin.plumb.server.platform.config.billing, require_balance: required };
      const priced = await startAdmin({ settings: { models, billing } });
      try {
        const show = async () =>
          (await priced.plumb.request('/user/balance')).json() as Promise<{ is_available: boolean }>;
        assert.equal((await show()).is_available, available);
        await priced.call('POST', '/accounts/default/grants', { amount: '0.000000001' });
        assert.equal((await show()).is_available, true);
      } finally {
        await priced.stop();
      }
    }
  });
});

describe('the currency', () => {
  test('of a ledger with entries stays: a server with another one does not start, and says what to do', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'plumb-test-'));
    const config = await loadConfig({ flags: { dataDir, port: '0' }, environment: {}, currentDir: dataDir, cores: 2 });
    const start = async (currency: string) => {
      const changed = { ...config, billing: { ...config.billing, currency }, log: { level: 'silent' as const } };
      return startServer({ config: changed, model: { engine: new PlayedEngine() } });
    };
    try {
      for (const currency of ['USD', 'CNY']) await (await start(currency)).stop(0);
      const access = await openAccess({ dataDir, clock: systemClock });
      const account = await access.administration.accounts.findAccount('default');
      const addition = { kind: 'grant', accountId: account?.account.id ?? '', amount: 1n, reference: 'r' } as const;
      const author = { actor: 'test', at: 1 };
      await access.administration.funds.addFunds({ ...addition, currency: 'CNY' }, author);
      await assert.rejects(access.administration.funds.addFunds({ ...addition, currency: 'USD' }, author), {
        code: 'currency',
      });
      await access.close();
      await assert.rejects(start('USD'), /The ledger is in CNY, but `billing\.currency` is USD: set it to CNY/);
      await (await start('CNY')).stop(0);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
