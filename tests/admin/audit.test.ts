/** The audit trail: every change once, with who made it, and nothing that is no change. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AUDIT_ACTIONS } from '#server/accounts/audit.js';
import { AuditList } from '#server/admin/shapes/audit.js';
import { type AdminServer, assertShape, startAdmin } from './support/admin.js';

let admin: AdminServer;
before(async () => {
  admin = await startAdmin();
});
after(() => admin.stop());

interface Entry {
  readonly id: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly details: Record<string, unknown>;
}

/** The entries that `work` makes, oldest first. */
async function entriesOf(work: () => Promise<unknown>): Promise<Entry[]> {
  const [last] = (await admin.call('GET', '/audit?limit=1')).body.data as Entry[];
  await work();
  const entries = (await admin.call('GET', '/audit?limit=1000')).body.data as Entry[];
  return entries.filter(({ id }) => id > (last?.id ?? 0)).reverse();
}

describe('the audit trail', () => {
  test('begins with what the first start made', async () => {
    const { body } = await admin.call('GET', '/audit?limit=1000');
    assertShape(AuditList, body);
    const made = body.data.filter(({ actor }: Entry) => actor === 'server').map(({ action }: Entry) => action);
    assert.deepEqual(made, ['key.create', 'account.create']);
  });

  test('has every kind of change exactly once, with the admin key that made it and its subject', async () => {
    let account = '';
    let key = '';
    let adminKey = '';
    const entries = await entriesOf(async () => {
      account = (await admin.call('POST', '/accounts', { name: 'audited', tier: 'free' })).body.id;
      await admin.call('PATCH', `/accounts/${account}`, { name: 'renamed', tier: null });
      key = (await admin.call('POST', '/keys', { account, expires_at: '2099-01-01', models: ['deepseek-chat'] })).body
        .id;
      await admin.call('PATCH', `/keys/${key}`, { requests_per_minute: 5, expires_at: null, models: null });
      await admin.call('DELETE', `/keys/${key}`);
      await admin.call('POST', `/accounts/${account}/credits`, { amount: '2.5', note: 'invoice', reference: 'r' });
      await admin.call('POST', `/accounts/${account}/grants`, { amount: '1' });
      adminKey = (await admin.call('POST', '/admin-keys', { name: 'second' })).body.id;
      await admin.call('DELETE', `/admin-keys/${adminKey}`);
      await admin.call('POST', '/faults', { name: 'cuts', fault: 'cut' });
      await admin.call('DELETE', '/faults/cuts');
      await admin.call('DELETE', '/faults');
    });
    assert.deepEqual(
      entries.map(({ action, subject }) => [action, subject]),
      [
        ['account.create', account],
        ['account.update', account],
        ['key.create', key],
        ['key.update', key],
        ['key.revoke', key],
        ['funds.credit', account],
        ['funds.grant', account],
        ['admin_key.create', adminKey],
        ['admin_key.revoke', adminKey],
        ['fault.add', 'cuts'],
        ['fault.remove', 'cuts'],
        ['fault.clear', 'faults'],
      ],
    );
    // What is done outside of the store is in reload.test.ts.
    const stored = AUDIT_ACTIONS.filter((action) => !/^(?:config|engine)\./.test(action));
    assert.deepEqual(entries.map(({ action }) => action).sort(), [...stored].sort());
    assert.ok(entries.every(({ actor }) => actor === admin.adminKeyId));
    assert.deepEqual(entries[1]?.details, {
      before: { name: 'audited', tier: 'free' },
      after: { name: 'renamed', tier: null },
    });
    assert.deepEqual(entries[3]?.details, {
      before: { requests_per_minute: null, expires_at: '2099-01-01T00:00:00.000Z', models: ['deepseek-chat'] },
      after: { requests_per_minute: 5, expires_at: null, models: null },
    });
    const { entry_id, ...credit } = entries[5]?.details ?? {};
    assert.equal(typeof entry_id, 'number');
    assert.deepEqual(credit, { amount: '2.50', currency: 'USD', reference: 'r', note: 'invoice' });
  });

  test('has nothing of what changed nothing', async () => {
    const { id } = (await admin.call('POST', '/keys', { account: 'default', name: 'same' })).body;
    await admin.call('DELETE', `/keys/${id}`);
    await admin.call('POST', '/accounts/default/credits', { amount: '1', reference: 'once' });
    const entries = await entriesOf(async () => {
      await admin.call('DELETE', `/keys/${id}`);
      await admin.call('PATCH', `/keys/${id}`, { name: 'same', models: null });
      await admin.call('PATCH', '/accounts/default', { name: 'default', tier: null });
      await admin.call('POST', '/accounts/default/credits', { amount: '1', reference: 'once' });
      await admin.call('POST', '/accounts/default/credits', { amount: '2', reference: 'once' });
      await admin.call('POST', '/accounts', { name: 'default' });
    });
    assert.deepEqual(entries, []);
  });

  test('never holds a key', async () => {
    const secrets: string[] = [];
    for (const [path, body] of [
      ['/keys', { account: 'default' }],
      ['/admin-keys', { name: 'x' }],
    ] as const)
      secrets.push((await admin.call('POST', path, body)).body.key);
    const { text } = await admin.call('GET', '/audit?limit=1000');
    for (const key of secrets) assert.ok(!text.includes(key.slice(0, -4)) && !text.includes(key.slice(9, -4)));
  });

  test('is read a page at a time, newest first', async () => {
    const all = (await admin.call('GET', '/audit?limit=1000')).body.data;
    const first = (await admin.call('GET', '/audit?limit=2')).body;
    const second = (await admin.call('GET', `/audit?limit=2&after=${first.next}`)).body;
    assert.deepEqual([...first.data, ...second.data], all.slice(0, 4));
  });
});
