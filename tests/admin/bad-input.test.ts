/** Whatever is wrong with a request of an operator is a 4xx that says so, and changes nothing. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ADMIN_ROUTES } from '#server/admin/routes.js';
import { type AdminServer, startAdmin } from './support/admin.js';

let admin: AdminServer;
let content: unknown;

before(async () => {
  admin = await startAdmin();
  await admin.call('POST', '/accounts', { name: 'team' });
  await admin.call('POST', '/accounts/team/credits', { amount: '1', reference: 'used' });
});
beforeEach(() => {
  content = snapshot();
});
after(() => admin.stop());

/** Everything that administration changes; when keys were last used does not count. */
function snapshot() {
  return [
    admin.sql('select * from accounts'),
    admin.sql('select id, name, expires_at, revoked_at, requests_per_minute, models from api_keys'),
    admin.sql('select id, name, revoked_at from admin_keys'),
    admin.sql('select * from balances'),
    admin.sql('select * from ledger_entries'),
    admin.sql('select * from audit_entries'),
  ];
}

type Case = readonly [method: string, path: string, body: unknown, status: number, message: RegExp];

const longName = 'x'.repeat(65);

const CASES: readonly Case[] = [
  ['GET', '/accounts?limt=3', undefined, 400, /There is no parameter "limt"; did you mean `limit`\?/],
  ['GET', '/accounts?limit=0', undefined, 400, /`limit` must be an integer from 1 to 1000, not 0/],
  ['GET', '/accounts?limit=ten', undefined, 400, /`limit` must be an integer from 1 to 1000, not "ten"/],
  ['GET', '/accounts?limit=1&limit=2', undefined, 400, /`limit` is there twice/],
  ['GET', '/accounts?after=nonsense', undefined, 400, /`after` must be the `next` of the page before/],
  ['POST', '/accounts', undefined, 400, /Failed to parse the request body as JSON/],
  ['POST', '/accounts', '{"name":', 400, /Failed to parse the request body as JSON/],
  ['POST', '/accounts', [], 400, /must be a JSON object with `name`, `tier`, not \[\]/],
  ['POST', '/accounts', {}, 400, /The field `name` is missing/],
  ['POST', '/accounts', { nmae: 'x' }, 400, /There is no field "nmae"; did you mean `name`\?/],
  ['POST', '/accounts', { name: 'x', unrelated: 1 }, 400, /There is no field "unrelated"; there are `name`, `tier`/],
  ['POST', '/accounts', { name: 5 }, 400, /`name` must be a name \(1 to 64 characters\), not 5/],
  ['POST', '/accounts', { name: ' ' }, 400, /The name of the account is empty/],
  ['POST', '/accounts', { name: longName }, 400, /`name` must be a name \(1 to 64 characters\)/],
  ['POST', '/accounts', { name: 'a\nb' }, 400, /`name` must be a name/],
  ['POST', '/accounts', { name: 'x', tier: 'scael' }, 400, /There is no tier "scael"; did you mean `scale`\?/],
  ['POST', '/accounts', { name: 'x', tier: true }, 400, /`tier` must be the name of a tier .* or null, not true/],
  ['POST', '/accounts', { name: 'x', __proto__: null, constructor: 1 }, 400, /There is no field "constructor"/],
  ['POST', '/accounts', { name: 'team' }, 409, /There is an account of the name "team" already/],
  ['PATCH', '/engines/far:one', { draining: true }, 404, /There is no engine far:one/],
  ['PATCH', '/engines/far:one', { draining: 'yes' }, 400, /`draining` must be `true` or `false`, not "yes"/],
  ['GET', '/accounts/nobody', undefined, 404, /There is no account nobody/],
  ['GET', '/accounts/%F0', undefined, 404, /There is no account %F0/],
  ['PATCH', '/accounts/nobody', { name: 'x' }, 404, /There is no account nobody/],
  ['PATCH', '/accounts/team', { tier: 'none' }, 400, /There is no tier "none"/],
  ['PATCH', '/accounts/team', { name: null }, 400, /`name` must be a name/],
  ['GET', '/accounts/nobody/ledger', undefined, 404, /There is no account nobody/],
  ['GET', '/accounts/team/ledger?after=x', undefined, 400, /`after` must be the `next`/],
  ['POST', '/accounts/nobody/credits', { amount: '1' }, 404, /There is no account nobody/],
  ['POST', '/accounts/team/credits', { amount: 1 }, 400, /`amount` must be an amount as a text such as "10"/],
  ['POST', '/accounts/team/credits', { amount: '-1' }, 400, /"-1" is no amount/],
  ['POST', '/accounts/team/credits', { amount: '1e3' }, 400, /"1e3" is no amount/],
  ['POST', '/accounts/team/credits', { amount: '0' }, 400, /The amount is 0/],
  ['POST', '/accounts/team/credits', { amount: '0.0000000001' }, 400, /is no amount/],
  ['POST', '/accounts/team/credits', { amount: '1000000001' }, 400, /more than a billion/],
  ['POST', '/accounts/team/credits', { amount: '1', note: 'a\u0000b' }, 400, /`note` must be a note/],
  ['POST', '/accounts/team/credits', { amount: '1', reference: 'with space' }, 400, /`reference` must be/],
  ['POST', '/accounts/team/credits', { amount: '2', reference: 'used' }, 409, /"used" was used for 1\.00 already/],
  ['POST', '/accounts/team/grants', {}, 400, /The field `amount` is missing/],
  ['GET', '/keys?account=nobody', undefined, 404, /There is no account nobody/],
  ['POST', '/keys', { account: 'nobody' }, 404, /There is no account nobody/],
  ['POST', '/keys', { name: 'x' }, 400, /The field `account` is missing/],
  ['POST', '/keys', { account: 'team', expires_at: 'soon' }, 400, /`expires_at` must be a day such as/],
  ['POST', '/keys', { account: 'team', expires_at: '2099-02-30' }, 400, /`expires_at` must be a day such as/],
  ['POST', '/keys', { account: 'team', expires_at: '2099-02-03T10:00:00' }, 400, /`expires_at` must be a day such as/],
  ['POST', '/keys', { account: 'team', expires_at: '2020-01-01' }, 400, /`expires_at` has passed/],
  [
    'POST',
    '/keys',
    { account: 'team', requests_per_minute: -1 },
    400,
    /an integer from 0 to 1000000000000 or null, not -1/,
  ],
  ['POST', '/keys', { account: 'team', tokens_per_minute: 1.5 }, 400, /`tokens_per_minute` must be an integer/],
  ['POST', '/keys', { account: 'team', concurrent_requests: 1e13 }, 400, /`concurrent_requests` must be an integer/],
  ['POST', '/keys', { account: 'team', models: [] }, 400, /`models` must be a list of 1 to 1000 entries/],
  ['POST', '/keys', { account: 'team', models: ['deepseek-caht'] }, 400, /did you mean `deepseek-chat`\?/],
  ['POST', '/keys', { account: 'team', models: 'deepseek-chat' }, 400, /`models` must be a list/],
  ['GET', '/keys/key_nothing', undefined, 404, /There is no key key_nothing/],
  ['PATCH', '/keys/key_nothing', { name: 'x' }, 404, /There is no key key_nothing/],
  ['PATCH', '/keys/key_nothing', { account: 'team' }, 400, /There is no field "account"/],
  ['DELETE', '/keys/key_nothing', undefined, 404, /There is no key key_nothing/],
  ['GET', '/usage?group_by=acount', undefined, 400, /cannot be grouped by "acount"; did you mean `account`\?/],
  ['GET', '/usage?format=xml', undefined, 400, /`format` must be `json`, `csv` or `jsonl`, not "xml"/],
  ['GET', '/usage?from=yesterday', undefined, 400, /`from` must be a day such as/],
  ['GET', '/usage?from=2026-11-26&to=2026-11-25', undefined, 400, /`from` must be before `to`/],
  ['GET', '/usage?key=nothing', undefined, 404, /There is no key nothing/],
  ['GET', '/usage?model=%00', undefined, 400, /`model` must be a model id/],
  ['GET', '/usage/records?format=json', undefined, 400, /`format` must be `csv` or `jsonl`/],
  ['GET', '/usage/records?account=nobody', undefined, 404, /There is no account nobody/],
  ['GET', '/audit?limit=1001', undefined, 400, /`limit` must be an integer from 1 to 1000/],
  ['POST', '/faults', { name: 'one' }, 400, /The field `fault` is missing/],
  ['POST', '/faults', { name: 'one', fault: 'status' }, 400, /`status` needs `status`/],
  ['DELETE', '/faults/nothing', undefined, 404, /There is no rule nothing/],
  ['POST', '/admin-keys', {}, 400, /The field `name` is missing/],
  ['POST', '/admin-keys', { name: '' }, 400, /`name` must be a name/],
  ['DELETE', '/admin-keys/nothing', undefined, 404, /There is no admin key nothing/],
];

describe('what is wrong', () => {
  for (const [method, path, body, status, message] of CASES) {
    test(`with ${method} ${path} ${body === undefined ? '' : JSON.stringify(body).slice(0, 60)} is told with ${status}`, async () => {
      const answer = await admin.call(method, path, body);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.body.error.type, 'invalid_request_error');
      assert.match(answer.body.error.message, message);
      assert.deepEqual(snapshot(), content);
    });
  }

  test('with a body of another type or of more than 1 MiB is told by its own status', async () => {
    const post = (body: string, type: string) =>
      fetch(`${admin.plumb.url}/admin/v1/accounts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin.adminKey}`, 'content-type': type },
        body,
      });
    assert.equal((await post('{"name":"form"}', 'application/x-www-form-urlencoded')).status, 415);
    assert.equal((await post(JSON.stringify({ name: 'x'.repeat(1024 * 1024) }), 'application/json')).status, 413);
    assert.deepEqual(snapshot(), content);
  });

  test('is known for every route that reads a body or parameters', () => {
    const tried = new Set(CASES.map(([method, path]) => `${method} ${path.replace(/\?.*/, '')}`));
    const patterns = Object.entries(ADMIN_ROUTES).flatMap(([pattern, methods]) =>
      Object.keys(methods).map((method) => new RegExp(`^${method} ${pattern.replace('{id}', '[^/]+')}$`)),
    );
    const untried = patterns.filter((pattern) => ![...tried].some((path) => pattern.test(path)));
    assert.deepEqual(
      untried.map(({ source }) => source.replaceAll('\\', '')),
      [
        '^GET /tiers$',
        '^GET /admin-keys$',
        '^GET /engines$',
        '^GET /faults$',
        '^DELETE /faults$',
        '^GET /metrics$',
        '^POST /reload$',
        '^GET /ledger/check$',
      ],
    );
  });
});
