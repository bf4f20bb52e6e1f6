/** `plumb keys`: makes, lists, changes and revokes keys; works while a server runs on the same database. */

import { Command } from 'commander';
import { DEFAULT_ACCOUNT_NAME } from '../accounts/account.js';
import type { KeyHolder } from '../accounts/key-store.js';
import { readFields } from '../admin/input/read-fields.js';
import { describeKey, KeyChange, KeyCreation } from '../admin/shapes/key.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { withExample } from './help.js';
import { listAll } from './list-all.js';
import { formatTime, print, printJson, printTable, remark } from './print.js';
import { readExpiry } from './read-expiry.js';
import { NONE, readList, readWholeNumber, readWholeNumberOrNone } from './read-options.js';

interface ListFlags extends AdministrationFlags {
  readonly account?: string;
}

/** What a key may do; `none` takes away. */
interface PermissionFlags extends AdministrationFlags {
  readonly name?: string;
  readonly expires?: string;
  readonly requestsPerMinute?: number | typeof NONE;
  readonly tokensPerMinute?: number | typeof NONE;
  readonly concurrentRequests?: number | typeof NONE;
  readonly models?: string;
}

interface CreateFlags extends PermissionFlags {
  readonly account: string;
}

/** The command with its verbs. Failures reject as a CliError or a StoreError whose message is for the operator. */
export function keysCommand(clock: Clock = systemClock): Command {
  const keys = new Command('keys').description(
    'Make, list, change and revoke the keys that clients send, and test your own.',
  );
  addCreate(keys, clock);
  addList(keys, clock);
  addUpdate(keys, clock);
  addRevoke(keys, clock);
  return withExample(keys, 'plumb keys create --name ci --expires 90d');
}

function addCreate(keys: Command, clock: Clock): void {
  const create = keys
    .command('create')
    .description('Make a key. It is shown this once; only its hash is kept.')
    .option('--account <account>', 'the account that it belongs to; made when there is none', DEFAULT_ACCOUNT_NAME)
    .option('--name <name>', 'what the key is called in lists (default: unnamed)')
    .option('--expires <when>', 'a day, a time, or how long from now: 30d (m, h, d, w)')
    .option('--requests-per-minute <count>', 'a limit beside that of the account', readWholeNumber)
    .option('--tokens-per-minute <count>', 'a limit beside that of the account', readWholeNumber)
    .option('--concurrent-requests <count>', 'a limit beside that of the account', readWholeNumber)
    .option('--models <ids>', 'the models that it may use, such as a,b (default: all)');
  withCommonFlags(create, 'plumb keys create --account search-team --expires 90d --json | jq -r .key').action(
    (flags: CreateFlags) => createKey(flags, clock),
  );
}

function addList(keys: Command, clock: Clock): void {
  const list = keys
    .command('list')
    .description('List the keys by their last four characters.')
    .option('--account <account>', 'only those of one account, by its name or id');
  withCommonFlags(list, 'plumb keys list').action((flags: ListFlags) => listKeys(flags, clock));
}

function addUpdate(keys: Command, clock: Clock): void {
  const update = keys
    .command('update <id>')
    .description('Change a key, by the id that `keys list` shows. `none` takes a limit away.')
    .option('--name <name>', 'another name')
    .option('--expires <when>', 'a day, a time, how long from now (30d), or none')
    .option('--requests-per-minute <count>', 'a number or none', readWholeNumberOrNone)
    .option('--tokens-per-minute <count>', 'a number or none', readWholeNumberOrNone)
    .option('--concurrent-requests <count>', 'a number or none', readWholeNumberOrNone)
    .option('--models <ids>', 'models such as a,b, or none for all');
  withCommonFlags(update, 'plumb keys update key_4fT9sLkQ2mXz7VbA --requests-per-minute 60 --expires none').action(
    (id: string, flags: PermissionFlags) => updateKey(id, flags, clock),
  );
}

function addRevoke(keys: Command, clock: Clock): void {
  const revoke = keys
    .command('revoke <id>')
    .description('Revoke a key, by the id that `keys list` shows; servers refuse it from then on.');
  withCommonFlags(revoke, 'plumb keys revoke key_4fT9sLkQ2mXz7VbA').action((id: string, flags: AdministrationFlags) =>
    revokeKey(id, flags, clock),
  );
}

async function createKey(flags: CreateFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock, mustExist: false }, async ({ administration, actor }) => {
    const fields = { account: flags.account, ...toFields(flags, clock) };
    const input = readFields(KeyCreation, fields, 'field');
    const { key, account, apiKey } = await administration.keys.create(input, actor, { makeAccount: true });
    if (flags.json) return printJson({ key, ...describeKey({ account, key: apiKey }, clock.now()) });
    print(key);
    remark(`Key ${apiKey.id} of account ${account.name}. Keep it: it is not shown again.`);
  });
}

async function listKeys(flags: ListFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const { account } = flags;
    const chosen = account === undefined ? {} : { account };
    const holders = await listAll((page) => administration.keys.list({ ...chosen, ...page }));
    const answers = holders.map((holder) => describeKey(holder, clock.now()));
    if (flags.json) return printJson({ data: answers, next: null });
    printTable(
      ['ID', 'KEY', 'ACCOUNT', 'NAME', 'CREATED', 'LAST USED', 'STATE'],
      answers.map((key) => [
        key.id,
        `sk-…${key.last_four}`,
        key.account,
        key.name,
        formatTime(key.created_at),
        formatTime(key.last_used_at, 'never'),
        key.state,
      ]),
    );
  });
}

async function updateKey(id: string, flags: PermissionFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration, actor }) => {
    const input = readFields(KeyChange, toFields(flags, clock), 'field');
    printKey('Changed', await administration.keys.change(id, input, actor), flags, clock);
  });
}

async function revokeKey(id: string, flags: AdministrationFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration, actor }) => {
    printKey('Revoked', await administration.keys.revoke(id, actor), flags, clock);
  });
}

function printKey(done: string, holder: KeyHolder, flags: AdministrationFlags, clock: Clock): void {
  const { account, key } = holder;
  if (flags.json) printJson(describeKey(holder, clock.now()));
  else print(`${done} ${key.id} (sk-…${key.lastFour}, ${key.name}) of account ${account.name}.`);
}

/** The flags as fields of the admin API; those that were not given are left out. */
function toFields(flags: PermissionFlags, clock: Clock): Record<string, unknown> {
  const { name, expires, models } = flags;
  const fields = {
    name,
    expires_at: expires && readExpiry(expires, clock.now()),
    requests_per_minute: flags.requestsPerMinute,
    tokens_per_minute: flags.tokensPerMinute,
    concurrent_requests: flags.concurrentRequests,
    models: models === NONE ? NONE : models && readList(models),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([field, value]) => [field, value === NONE && field !== 'name' ? null : value]));
}
