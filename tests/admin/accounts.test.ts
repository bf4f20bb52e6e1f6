/** Accounts and keys over the admin API. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AccountAnswer, AccountList } from '#server/admin/shapes/account.js';
import { AdminKeyList, CreatedAdminKeyAnswer } from '#server/admin/shapes/admin-key.js';
import { CreatedKeyAnswer, KeyAnswer, KeyList } from '#server/admin/shapes/key.js';
import { TierList } from '#server/admin/shapes/tier.js';
import { type AdminServer, assertShape, send, startAdmin } from './support/admin.js';

let admin: AdminServer;
before(async () => {
  admin = await startAdmin();
});
after(() => admin.stop());

const newAccount = async (name: string, tier?: string) =>
  (await admin.call('POST', '/accounts', { name, ...(tier && { tier }) })).body;

describe('an account', () => {
  test('is made with a name and a tier, and found by its id and by its name', async () => {
    const { status, body } = await admin.call('POST', '/accounts', { name: ' search team ', tier: 'scale' });
    assert.equal(status, 201);
    assertShape(AccountAnswer, body);
    assert.match(body.id, /^acct_[0-9A-Za-z]{16}$/);
    assert.deepEqual([body.name, body.tier], ['search team', 'scale']);
    assert.deepEqual(body.balance, { currency: 'USD', total: '0.00', granted: '0.00', topped_up: '0.00' });
    assert.deepEqual((await admin.call('GET', `/accounts/${body.id}`)).body, body);
    assert.deepEqual((await admin.call('GET', '/accounts/search%20team')).body, body);
  });

  test('cannot have a name that is taken, not even when it is renamed', async () => {
    await newAccount('taken');
    const other = await newAccount('other');
    const again = await admin.call('POST', '/accounts', { name: 'taken' });
    assert.equal(again.status, 409);
    assert.match(again.body.error.message, /There is an account of the name "taken" already/);
    assert.equal((await admin.call('PATCH', `/accounts/${other.id}`, { name: 'taken' })).status, 409);
    assert.equal((await admin.call('PATCH', `/accounts/${other.id}`, { name: 'other' })).status, 200);
  });

  test('cannot have a name that looks like an id', async () => {
    const { id } = await newAccount('original');
    assert.equal((await admin.call('POST', '/accounts', { name: id })).status, 400);
  });

  test('changes name and tier, and takes the default tier again with null', async () => {
    const { id } = await newAccount('changing', 'free');
    const renamed = await admin.call('PATCH', '/accounts/changing', { name: 'changed', tier: 'unlimited' });
    assert.deepEqual([renamed.status, renamed.body.name, renamed.body.tier], [200, 'changed', 'unlimited']);
    assert.equal((await admin.call('PATCH', `/accounts/${id}`, { tier: null })).body.tier, null);
    assert.equal((await admin.call('PATCH', `/accounts/${id}`, {})).body.name, 'changed');
  });

  test('has its new tier from the next request on', async () => {
    const { body } = await admin.call('GET', '/accounts/default');
    const headers = { authorization: `Bearer ${admin.plumb.key}` };
    const { authenticator } = admin.plumb.server.platform;
    assert.equal((await authenticator.authenticate(headers)).account.tier, undefined);
    await admin.call('PATCH', `/accounts/${body.id}`, { tier: 'free' });
    assert.equal((await authenticator.authenticate(headers)).account.tier, 'free');
    await admin.call('PATCH', `/accounts/${body.id}`, { tier: null });
  });

  test('is listed in the order of creation, a page at a time', async () => {
    for (let count = 0; count < 7; count++) await newAccount(`page ${count}`);
    const all = (await admin.call('GET', '/accounts?limit=1000')).body;
    assertShape(AccountList, all);
    assert.equal(all.next, null);
    const seen = [];
    let after = '';
    for (;;) {
      const { data, next } = (await admin.call('GET', `/accounts?limit=3${after}`)).body;
      assert.ok(data.length <= 3);
      seen.push(...data);
      if (next === null) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    assert.deepEqual(seen, all.data);
  });
});

describe('a key', () => {
  test('is made for an account by name or id, shown once, and works at once', async () => {
    const account = await newAccount('with keys');
    const { status, body } = await admin.call('POST', '/keys', {
      account: 'with keys',
      name: 'ci',
      expires_at: '2099-01-01',
      requests_per_minute: 10,
      tokens_per_minute: 1000,
      concurrent_requests: 2,
      models: ['deepseek-chat', 'deepseek-flash'],
    });
    assert.equal(status, 201);
    assertShape(CreatedKeyAnswer, body);
    const { key, ...shown } = body;
    assert.match(key, /^sk-[0-9A-Za-z]{40}$/);
    assert.deepEqual(
      [shown.account_id, shown.account, shown.name, shown.expires_at, shown.state, shown.requests_per_minute],
      [account.id, 'with keys', 'ci', '2099-01-01T00:00:00.000Z', 'active', 10],
    );
    assert.deepEqual(shown.models, ['deepseek-chat', 'deepseek-reasoner']);
    assert.deepEqual((await admin.call('GET', `/keys/${shown.id}`)).body, shown);
    const models = await admin.plumb.request('/models', { headers: { authorization: `Bearer ${key}` } });
    assert.equal(models.status, 200);
    const byId = await admin.call('POST', '/keys', { account: account.id });
    assert.deepEqual([byId.body.account, byId.body.name, byId.body.models], ['with keys', 'unnamed', null]);
  });

  test('is not made for an account that there is not', async () => {
    const { status, body } = await admin.call('POST', '/keys', { account: 'nobody' });
    assert.equal(status, 404);
    assert.equal(body.error.message, 'There is no account nobody.');
  });

  test('changes what is sent, and null takes it away', async () => {
    const { id } = (
      await admin.call('POST', '/keys', { account: 'default', requests_per_minute: 5, models: ['deepseek-chat'] })
    ).body;
    const changed = (await admin.call('PATCH', `/keys/${id}`, { name: 'new', tokens_per_minute: 7, models: null }))
      .body;
    assertShape(KeyAnswer, changed);
    assert.deepEqual(
      [changed.name, changed.requests_per_minute, changed.tokens_per_minute, changed.models],
      ['new', 5, 7, null],
    );
    const again = (
      await admin.call('PATCH', `/keys/${id}`, { requests_per_minute: null, expires_at: '2098-01-01T10:00:00+02:00' })
    ).body;
    assert.deepEqual([again.requests_per_minute, again.tokens_per_minute], [null, 7]);
    assert.equal(again.expires_at, '2098-01-01T08:00:00.000Z');
    assert.equal((await admin.call('PATCH', `/keys/${id}`, { expires_at: null })).body.expires_at, null);
  });

  test('counts as it was changed from the next request on', async () => {
    const { id, key } = (await admin.call('POST', '/keys', { account: 'default' })).body;
    const headers = { authorization: `Bearer ${key}` };
    const { authenticator } = admin.plumb.server.platform;
    assert.equal((await authenticator.authenticate(headers)).key.limits, undefined);
    await admin.call('PATCH', `/keys/${id}`, { requests_per_minute: 3 });
    assert.equal((await authenticator.authenticate(headers)).key.limits?.requestsPerMinute, 3);
  });

  test('is refused from the moment on at which it was revoked, and stays revoked', async () => {
    const { id, key } = (await admin.call('POST', '/keys', { account: 'default' })).body;
    const use = () => admin.plumb.request('/models', { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await use()).status, 200);
    const revoked = await admin.call('DELETE', `/keys/${id}`);
    assert.deepEqual([revoked.status, revoked.body.state], [200, 'revoked']);
    assert.equal((await use()).status, 401);
    assert.equal((await admin.call('DELETE', `/keys/${id}`)).body.revoked_at, revoked.body.revoked_at);
  });

  test('is listed with all others or those of one account, a page at a time, never in plain text', async () => {
    await newAccount('listed');
    const made = [];
    for (let count = 0; count < 5; count++) made.push((await admin.call('POST', '/keys', { account: 'listed' })).body);
    const first = (await admin.call('GET', '/keys?account=listed&limit=3')).body;
    assertShape(KeyList, first);
    const second = (await admin.call('GET', `/keys?account=listed&limit=3&after=${first.next}`)).body;
    assert.deepEqual([...first.data, ...second.data].map(({ id }) => id).sort(), made.map(({ id }) => id).sort());
    const everything = await admin.call('GET', '/keys?limit=1000');
    assert.ok(everything.body.data.length > 5);
    for (const { key } of made) assert.ok(!everything.text.includes(key.slice(3, -4)));
  });
});

describe('an admin key', () => {
  test('is made, listed without its secret, and refused once it is revoked, also by itself', async () => {
    const { status, body } = await admin.call('POST', '/admin-keys', { name: 'console' });
    assert.equal(status, 201);
    assertShape(CreatedAdminKeyAnswer, body);
    assert.match(body.key, /^sk-admin-[0-9A-Za-z]{40}$/);
    assert.equal((await send(admin.plumb, body.key, 'GET', '/tiers')).status, 200);
    const list = await admin.call('GET', '/admin-keys');
    assertShape(AdminKeyList, list.body);
    assert.ok(!list.text.includes(body.key.slice(9, -4)));
    const revoked = await send(admin.plumb, body.key, 'DELETE', `/admin-keys/${body.id}`);
    assert.deepEqual([revoked.status, revoked.body.state], [200, 'revoked']);
    assert.equal((await send(admin.plumb, body.key, 'GET', '/tiers')).status, 401);
  });
});

describe('the tiers', () => {
  test('are listed as the configuration has them', async () => {
    const { body } = await admin.call('GET', '/tiers');
    assertShape(TierList, body);
    const standard = body.data.find(({ name }: { name: string }) => name === 'standard');
    assert.equal(standard.default, true);
    assert.equal(standard.limits.requests_per_minute, 500);
    assert.deepEqual(
      body.data.map(({ name }: { name: string }) => name),
      ['free', 'standard', 'scale', 'unlimited'],
    );
  });
});
