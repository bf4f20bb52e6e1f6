/** The verbs of operators on the command line, as processes beside a server that runs on the same data folder. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Command } from 'commander';
import { accountsCommand } from '#server/cli/accounts.js';
import { adminKeysCommand } from '#server/cli/admin-keys.js';
import { auditCommand } from '#server/cli/audit.js';
import { creditCommand } from '#server/cli/credit.js';
import { keysCommand } from '#server/cli/keys.js';
import { ledgerCommand } from '#server/cli/ledger.js';
import { tiersCommand } from '#server/cli/tiers.js';
import { usageCommand } from '#server/cli/usage.js';
import { runProgram } from '../store/helpers/programs.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { type AdminServer, insertUsage, send, startAdmin } from './support/admin.js';

let admin: AdminServer;
before(async () => {
  admin = await startAdmin();
});
after(() => admin.stop());

/** Runs a command on the data folder of the server, or another one. */
async function plumb(args: string[], dataDir = admin.plumb.dataDir) {
  return runProgram('../../../../packages/server/dist/cli/main.js', [...args, '--data-dir', dataDir]);
}

/** Runs a command that must succeed and answer with JSON. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await plumb([...args, '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout.trimEnd().split('\n').length, 1);
  return JSON.parse(stdout);
}

const COMMANDS = [
  accountsCommand,
  keysCommand,
  tiersCommand,
  creditCommand,
  usageCommand,
  ledgerCommand,
  adminKeysCommand,
  auditCommand,
];

/** A command, or each of its verbs when it has some. */
function verbsOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands;
}

describe('every command of operators', () => {
  for (const verb of COMMANDS.flatMap((create) => verbsOf(create()))) {
    test(`has help with an example: ${[verb.parent?.name(), verb.name()].join(' ')}`, () => {
      let help = '';
      verb.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      assert.match(help, /\nExample:\n {2}plumb /);
    });
  }

  test('answers with the objects of the admin API, and is seen by the server at once', async () => {
    const account = await json('accounts', 'create', 'by command', '--tier', 'scale');
    assert.deepEqual((await admin.call('GET', '/accounts/by%20command')).body, account);
    const { key, ...made } = await json('keys', 'create', '--account', account.id, '--name', 'ci');
    assert.deepEqual((await admin.call('GET', `/keys/${made.id}`)).body, made);
    const use = () => admin.plumb.request('/models', { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await use()).status, 200);
    await json('keys', 'revoke', made.id);
    assert.equal((await use()).status, 401);
    const adminKey = await json('admin-keys', 'create', '--name', 'console');
    assert.equal((await send(admin.plumb, adminKey.key, 'GET', '/tiers')).status, 200);
    await json('admin-keys', 'revoke', adminKey.id);
    assert.equal((await send(admin.plumb, adminKey.key, 'GET', '/tiers')).status, 401);
    assert.deepEqual(await json('accounts', 'list'), (await admin.call('GET', '/accounts')).body);
    assert.deepEqual(await json('tiers', 'list'), (await admin.call('GET', '/tiers')).body);
  });

  test('writes the user of the system into the audit trail', async () => {
    const { id } = await json('accounts', 'create', 'audited');
    const { data, next } = await json('audit', '--limit', '1');
    assert.deepEqual([data.length, data[0].subject, data[0].actor], [1, id, `cli:${userInfo().username}`]);
    assert.equal(next, String(data[0].id));
  });

  test('shows tables and sentences for people', async () => {
    await plumb(['accounts', 'create', 'people']);
    const added = await plumb(['credit', 'add', 'people', '12.5', '--reference', 'invoice-1']);
    assert.equal(added.stdout, 'Added 12.50 USD (invoice-1). The balance is 12.50 USD.\n');
    const again = await plumb(['credit', 'add', 'people', '12.5', '--reference', 'invoice-1']);
    assert.equal(again.stdout, '12.50 USD had been added before (invoice-1). The balance is 12.50 USD.\n');
    assert.match((await plumb(['accounts', 'list'])).stdout, /^ID +NAME +TIER +BALANCE \(USD\) +CREATED\n/);
    assert.match((await plumb(['accounts', 'show', 'people'])).stdout, /balance: {2}12\.50 USD \(0\.00 granted/);
    assert.match((await plumb(['credit', 'history', 'people'])).stdout, /credit +12\.50 +0\.00 +12\.50 +invoice-1\n$/);
    assert.match((await plumb(['tiers', 'list'])).stdout, /\nstandard \(default\) +all +500 +1000000 +50\n/);
    assert.equal((await plumb(['ledger', 'check'])).stdout, 'Every balance is the sum of its entries.\n');
  });
});

describe('a key on the command line', () => {
  test('is made with what it may do, and changed; none takes it away', async () => {
    const limits = ['--requests-per-minute', '5', '--tokens-per-minute', '1000', '--concurrent-requests', '2'];
    const before = Date.now();
    const key = await json('keys', 'create', ...limits, '--models', 'deepseek-chat', '--expires', '30d');
    assert.deepEqual(
      [key.requests_per_minute, key.tokens_per_minute, key.concurrent_requests, key.models],
      [5, 1000, 2, ['deepseek-chat']],
    );
    const days = (Date.parse(key.expires_at) - before) / 86_400_000;
    assert.ok(days >= 30 && days < 30.1);
    const none = ['--requests-per-minute', 'none', '--models', 'none', '--expires', 'none'];
    const changed = await json('keys', 'update', key.id, '--name', 'new', ...none);
    assert.deepEqual(
      [changed.name, changed.requests_per_minute, changed.tokens_per_minute, changed.models, changed.expires_at],
      ['new', null, 1000, null, null],
    );
    assert.equal(
      (await json('keys', 'update', key.id, '--expires', '2099-06-01')).expires_at,
      '2099-06-01T00:00:00.000Z',
    );
  });
});

describe('usage on the command line', () => {
  test('is a report by account and model unless told otherwise, and an export', async () => {
    const { id, account_id } = await json('keys', 'create', '--account', 'user');
    insertUsage(admin.plumb.dataDir, [
      { request_id: 'r1', key_id: id, account_id },
      { request_id: 'r2', key_id: id, account_id, model: 'deepseek-reasoner', cost: 2_500_000_000 },
    ]);
    const table = (await plumb(['usage', '--account', 'user'])).stdout.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(table.slice(0, 3), [
      ['ACCOUNT', 'MODEL', 'REQUESTS', 'PROMPT', 'CACHED', 'OUTPUT', 'REASONING', 'COST (USD)'],
      ['user', 'deepseek-chat', '1', '10', '4', '5', '2', '0.000001'],
      ['user', 'deepseek-reasoner', '1', '10', '4', '5', '2', '2.50'],
    ]);
    const sums = await json('usage', '--by', 'day', '--account', 'user');
    assert.deepEqual(sums, (await admin.call('GET', '/usage?group_by=day&account=user')).body);
    const csv = await plumb(['usage', '--by', 'model', '--account', 'user', '--format', 'csv']);
    assert.match(csv.stdout, /^model,requests,.*\r\ndeepseek-chat,1,/);
    const records = (await plumb(['usage', 'export', '--account', 'user'])).stdout;
    assert.equal(records, (await admin.call('GET', '/usage/records?account=user')).text);
  });
});

describe('a command that cannot be carried out', () => {
  test('ends with 2 when it is wrong in itself, with 1 when it does not go together with what is there', async () => {
    await plumb(['accounts', 'create', 'there']);
    for (const [args, code, message] of [
      [['accounts', 'create', ' '], 2, /The name of the account is empty/],
      [['accounts', 'update', 'there', '--tier', 'scael'], 2, /did you mean `scale`\?/],
      [['accounts', 'create', 'there'], 1, /There is an account of the name "there" already/],
      [['accounts', 'show', 'nobody'], 1, /There is no account nobody/],
      [['keys', 'create', '--expires', 'soon'], 2, /`expires_at` must be a day/],
      [['keys', 'create', '--requests-per-minute', 'few'], 2, /must be a whole number/],
      [['keys', 'revoke', 'key_nothing'], 1, /There is no key key_nothing/],
      [['credit', 'add', 'there', '-5'], 2, /"-5" is no amount/],
      [['usage', '--by', 'weekday'], 2, /cannot be grouped by "weekday"/],
      [['admin-keys', 'create'], 2, /--name/],
    ] as const) {
      const result = await plumb([...args]);
      assert.deepEqual([result.code, result.stdout], [code, ''], args.join(' '));
      assert.match(result.stderr, message);
    }
  });

  test('ends with 2 when the configuration is broken, with 1 where there is no database', async (context) => {
    const folder = await temporaryFolder(context);
    const missing = await plumb(['accounts', 'list'], folder);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /is no data folder of Plumb/);
    await writeFile(join(folder, 'plumb.yaml'), 'billing: { curency: USD }\n');
    const broken = await plumb(['tiers', 'list'], folder);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /did you mean `billing\.currency`\?/);
  });

  test('ends with 1 when the ledger does not add up, and shows where', async () => {
    const { id } = await json('accounts', 'create', 'wrong');
    admin.sql('update balances set topped_up = 7 where account_id = ?', id);
    const { code, stdout } = await plumb(['ledger', 'check']);
    admin.sql('update balances set topped_up = 0 where account_id = ?', id);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`\\n${id} +0\\.000000007 +0\\.00\\n`));
  });
});
