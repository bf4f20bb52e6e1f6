/** `plumb admin-keys`: makes, lists and revokes the keys that the admin API takes. */

import { Command } from 'commander';
import { readFields } from '../admin/input/read-fields.js';
import { AdminKeyCreation, describeAdminKey } from '../admin/shapes/admin-key.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { withExample } from './help.js';
import { formatTime, print, printJson, printTable, remark } from './print.js';

interface CreateFlags extends AdministrationFlags {
  readonly name: string;
}

/** The command with its verbs. Failures reject as a CliError or a StoreError whose message is for the operator. */
export function adminKeysCommand(clock: Clock = systemClock): Command {
  const adminKeys = new Command('admin-keys').description('Make, list and revoke the keys of the admin API.');
  const create = adminKeys
    .command('create')
    .description('Make an admin key. It is shown this once; only its hash is kept.')
    .requiredOption('--name <name>', 'whose key it is, or what it is for');
  withCommonFlags(create, 'plumb admin-keys create --name console --json | jq -r .key').action((flags: CreateFlags) =>
    createAdminKey(flags, clock),
  );
  const list = adminKeys.command('list').description('List the admin keys by their last four characters.');
  withCommonFlags(list, 'plumb admin-keys list').action((flags: AdministrationFlags) => listAdminKeys(flags, clock));
  const revoke = adminKeys.command('revoke <id>').description('Revoke an admin key; servers refuse it from then on.');
  withCommonFlags(revoke, 'plumb admin-keys revoke adminkey_4fT9sLkQ2mXz7VbA').action(
    (id: string, flags: AdministrationFlags) => revokeAdminKey(id, flags, clock),
  );
  return withExample(adminKeys, 'plumb admin-keys create --name console');
}

async function createAdminKey(flags: CreateFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock, mustExist: false }, async ({ administration, actor }) => {
    const input = readFields(AdminKeyCreation, { name: flags.name }, 'field');
    const { key, adminKey } = await administration.adminKeys.create(input, actor);
    if (flags.json) return printJson({ key, ...describeAdminKey(adminKey) });
    print(key);
    remark(`Admin key ${adminKey.id}. Keep it: it is not shown again.`);
  });
}

async function listAdminKeys(flags: AdministrationFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const answers = (await administration.adminKeys.list()).map(describeAdminKey);
    if (flags.json) return printJson({ data: answers, next: null });
    printTable(
      ['ID', 'KEY', 'NAME', 'CREATED', 'LAST USED', 'STATE'],
      answers.map(({ id, last_four, name, created_at, last_used_at, state }) => [
        id,
        `sk-admin-…${last_four}`,
        name,
        formatTime(created_at),
        formatTime(last_used_at, 'never'),
        state,
      ]),
    );
  });
}

async function revokeAdminKey(id: string, flags: AdministrationFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration, actor }) => {
    const answer = describeAdminKey(await administration.adminKeys.revoke(id, actor));
    if (flags.json) printJson(answer);
    else print(`Revoked ${answer.id} (sk-admin-…${answer.last_four}, ${answer.name}).`);
  });
}
