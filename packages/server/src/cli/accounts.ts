/** `plumb accounts`: makes, lists, shows and changes accounts; works while a server runs on the same database. */

import { Command } from 'commander';
import type { FundedAccount } from '../accounts/account-store.js';
import type { Administration } from '../admin/administration.js';
import { readFields } from '../admin/input/read-fields.js';
import { type AccountAnswer, AccountChange, AccountCreation, describeAccount } from '../admin/shapes/account.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { withExample } from './help.js';
import { listAll } from './list-all.js';
import { formatTime, print, printJson, printTable } from './print.js';

interface AccountFlags extends AdministrationFlags {
  readonly tier?: string;
  readonly name?: string;
}

/** The command with its verbs. Failures reject as a CliError or a StoreError whose message is for the operator. */
export function accountsCommand(clock: Clock = systemClock): Command {
  const accounts = new Command('accounts').description('Make, list and change the accounts that pay.');
  const create = accounts.command('create <name>').description('Make an account.');
  withCommonFlags(create, 'plumb accounts create search-team --tier scale')
    .option('--tier <tier>', 'its set of limits (default: the default tier); `plumb tiers list` shows all')
    .action((name: string, flags: AccountFlags) => createAccount(name, flags, clock));
  const list = accounts.command('list').description('List the accounts with their balances.');
  withCommonFlags(list, 'plumb accounts list').action((flags: AccountFlags) => listAccounts(flags, clock));
  const show = accounts.command('show <account>').description('Show an account, by its name or id.');
  withCommonFlags(show, 'plumb accounts show search-team').action((account: string, flags: AccountFlags) =>
    showAccount(account, flags, clock),
  );
  const update = accounts.command('update <account>').description('Change the name or the tier of an account.');
  withCommonFlags(update, 'plumb accounts update search-team --tier unlimited')
    .option('--name <name>', 'another name')
    .option('--tier <tier>', 'another tier, or `default`')
    .action((account: string, flags: AccountFlags) => updateAccount(account, flags, clock));
  return withExample(accounts, 'plumb accounts create search-team --tier scale');
}

async function createAccount(name: string, flags: AccountFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock, mustExist: false }, async ({ administration, actor }) => {
    const input = readFields(AccountCreation, { name, ...toTier(flags.tier, administration) }, 'field');
    printAccount(await administration.accounts.create(input, actor), administration.currency, flags);
  });
}

async function listAccounts(flags: AccountFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const { currency, tiers } = administration;
    const accounts = await listAll((page) => administration.accounts.list(page));
    const answers = accounts.map((account) => describeAccount(account, currency));
    if (flags.json) return printJson({ data: answers, next: null });
    printTable(
      ['ID', 'NAME', 'TIER', `BALANCE (${currency})`, 'CREATED'],
      answers.map(({ id, name, tier, balance, created_at }) => [
        id,
        name,
        tier ?? `${tiers.defaultName} (default)`,
        balance.total,
        formatTime(created_at),
      ]),
    );
  });
}

async function showAccount(account: string, flags: AccountFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    printAccount(await administration.accounts.find(account), administration.currency, flags);
  });
}

async function updateAccount(account: string, flags: AccountFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration, actor }) => {
    const changes = { ...(flags.name && { name: flags.name }), ...toTier(flags.tier, administration) };
    const input = readFields(AccountChange, changes, 'field');
    printAccount(await administration.accounts.change(account, input, actor), administration.currency, flags);
  });
}

/** `default` is whichever tier is the default one, unless a tier has that name. */
function toTier(tier: string | undefined, { tiers }: Administration): { tier?: string | null } {
  if (tier === undefined) return {};
  return { tier: tier === 'default' && !tiers.has(tier) ? null : tier };
}

function printAccount(account: FundedAccount, currency: string, flags: AccountFlags): void {
  const answer = describeAccount(account, currency);
  if (flags.json) printJson(answer);
  else print(describeForPeople(answer));
}

function describeForPeople({ id, name, tier, created_at, balance }: AccountAnswer): string {
  const { currency, total, granted, topped_up } = balance;
  return [
    `${name} (${id})`,
    `tier:     ${tier ?? 'the default one'}`,
    `balance:  ${total} ${currency} (${granted} granted, ${topped_up} topped up)`,
    `created:  ${formatTime(created_at)}`,
  ].join('\n');
}
