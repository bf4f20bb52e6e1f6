/** Who may use the admin API: every route with every kind of key. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ADMIN_ROUTES } from '#server/admin/routes.js';
import { PlayedEngine } from '../support/played-engine.js';
import { startPlumb } from '../support/plumb.js';
import { type AdminServer, send, startAdmin } from './support/admin.js';

let admin: AdminServer;
let keys: Readonly<Record<string, string | undefined>>;

before(async () => {
  admin = await startAdmin();
  const { administration } = admin.plumb.server.platform;
  const revoked = await administration.adminKeys.create({ name: 'revoked' }, 'test');
  await administration.adminKeys.revoke(revoked.adminKey.id, 'test');
  keys = {
    none: undefined,
    'an unknown admin': `sk-admin-${'x'.repeat(40)}`,
    'an unknown ordinary': `sk-${'x'.repeat(40)}`,
    'a key of another form as': 'sk-admin-short',
    'a revoked admin': revoked.key,
    'an ordinary': admin.plumb.key,
  };
});
after(() => admin.stop());

const routes = Object.entries(ADMIN_ROUTES).flatMap(([pattern, methods]) =>
  Object.keys(methods).map((method) => [method, pattern.replace('{id}', 'something')] as const),
);

const EXPECTED: Readonly<Record<string, number>> = {
  none: 401,
  'an unknown admin': 401,
  'an unknown ordinary': 401,
  'a key of another form as': 401,
  'a revoked admin': 401,
  'an ordinary': 403,
};

describe('the admin API', () => {
  for (const [method, path] of routes) {
    test(`${method} ${path} is refused to all but admin keys, and changes nothing`, async () => {
      const before = admin.sql('select count(*) as entries from audit_entries');
      for (const [kind, status] of Object.entries(EXPECTED)) {
        const answer = await send(admin.plumb, keys[kind], method, path, method === 'GET' ? undefined : {});
        assert.equal(answer.status, status, kind);
        assert.equal(typeof answer.body.error.message, 'string');
      }
      assert.deepEqual(admin.sql('select count(*) as entries from audit_entries'), before);
    });

    test(`${method} ${path} is let through with an admin key`, async () => {
      const answer = await admin.call(method, path, method === 'GET' ? undefined : { nothing: 1 });
      assert.ok(![401, 403, 405, 500].includes(answer.status), String(answer.status));
    });
  }

  test('tells the holder of an ordinary key which one to use', async () => {
    const { body } = await send(admin.plumb, admin.plumb.key, 'GET', '/accounts');
    assert.equal(body.error.type, 'permission_error');
    assert.match(body.error.message, /use an admin key \(`plumb admin-keys create`\)/);
  });

  test('answers an unknown path with 401 without a key, with 404 to an admin key, and a wrong method with 405', async () => {
    assert.equal((await send(admin.plumb, undefined, 'GET', '/nothing')).status, 401);
    for (const path of ['/nothing', '/accounts/', '/accounts/x/y', '/keys/%00', '/', ''])
      assert.equal((await admin.call('GET', path)).status, 404, path);
    const answer = await admin.call('DELETE', '/accounts');
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, POST']);
  });

  test('does not take an admin key for an ordinary one', async () => {
    const response = await admin.plumb.request('/v1/models', {
      headers: { authorization: `Bearer ${admin.adminKey}` },
    });
    assert.equal(response.status, 401);
  });

  test('remembers when an admin key was last used, and names it in the log', async () => {
    await admin.call('GET', '/tiers');
    await admin.plumb.server.platform.operators.flush();
    const [first] = (await admin.call('GET', '/admin-keys')).body.data;
    assert.equal(first.id, admin.adminKeyId);
    assert.ok(Date.parse(first.last_used_at) > 0);
    const line = admin.plumb.lines.findLast(({ path }) => path === '/admin/v1/tiers');
    assert.equal(line?.key, admin.adminKeyId);
    assert.ok(!JSON.stringify(admin.plumb.lines).includes(admin.adminKey));
  });
});

describe('where the admin API is switched off', () => {
  test('its paths are like any other that is not served', async () => {
    const plumb = await startPlumb({ engine: new PlayedEngine(), settings: { admin: { enabled: 'never' } } });
    try {
      assert.equal((await send(plumb, undefined, 'GET', '/accounts')).status, 401);
      assert.equal((await send(plumb, plumb.key, 'GET', '/accounts')).status, 404);
    } finally {
      await plumb.stop();
    }
  });

  test('which it is on addresses that other machines reach, unless it is always on', async () => {
    for (const [host, enabled, status] of [
      ['0.0.0.0', 'loopback', 404],
      ['0.0.0.0', 'always', 403],
      ['localhost', 'loopback', 403],
    ] as const) {
      const plumb = await startPlumb({ engine: new PlayedEngine(), settings: { host, admin: { enabled } } });
      try {
        const url = plumb.url.replace(/\/\/[^/]+:/, '//localhost:');
        assert.equal((await send({ ...plumb, url }, plumb.key, 'GET', '/accounts')).status, status, host);
      } finally {
        await plumb.stop();
      }
    }
  });
});
