/** `plumb credit`: adds money to accounts and shows what became of it; works while a server runs on the same database. */

import { Command } from 'commander';
import { PageQuery } from '../admin/input/page.js';
import { readFields } from '../admin/input/read-fields.js';
import { describeAdded, describeEntry, FundsAddition } from '../admin/shapes/funds.js';
import type { Addition } from '../ledger/funds.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { withExample } from './help.js';
import { formatTime, print, printJson, printTable } from './print.js';
import { readWholeNumber } from './read-options.js';

interface AdditionFlags extends AdministrationFlags {
  readonly note?: string;
  readonly reference?: string;
}

interface HistoryFlags extends AdministrationFlags {
  readonly limit?: number;
  readonly after?: string;
}

/** The command with its verbs. Failures reject as a CliError or a StoreError whose message is for the operator. */
export function creditCommand(clock: Clock = systemClock): Command {
  const credit = new Command('credit').description('Add money to accounts, and show their ledger.');
  const verbs = { credit: ['add', 'Add money that was paid for.'], grant: ['grant', 'Give money.'] } as const;
  for (const kind of ['credit', 'grant'] as const) {
    const [verb, description] = verbs[kind];
    const command = credit
      .command(`${verb} <account> <amount>`)
      .description(description)
      .option('--note <text>', 'what the entry says of itself')
      .option('--reference <reference>', 'a second addition of the same reference is the first one again');
    withCommonFlags(command, `plumb credit ${verb} search-team 25.00 --reference invoice-1017`).action(
      (account: string, amount: string, flags: AdditionFlags) => addFunds(kind, account, amount, flags, clock),
    );
  }
  const history = credit
    .command('history <account>')
    .description('List the entries of an account, newest first.')
    .option('--limit <count>', 'how many at most (default: 100)', readWholeNumber)
    .option('--after <entry>', 'go on after this entry');
  withCommonFlags(history, 'plumb credit history search-team').action((account: string, flags: HistoryFlags) =>
    showHistory(account, flags, clock),
  );
  return withExample(credit, 'plumb credit history search-team');
}

async function addFunds(
  kind: Addition['kind'],
  account: string,
  amount: string,
  flags: AdditionFlags,
  clock: Clock,
): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration, actor }) => {
    const { note, reference } = flags;
    const fields = { amount, ...(note && { note }), ...(reference && { reference }) };
    const added = await administration.funds.add(kind, account, readFields(FundsAddition, fields, 'field'), actor);
    const answer = describeAdded(added, administration.currency);
    if (flags.json) return printJson(answer);
    const { balance, currency, reference: made } = answer;
    const done = added.isNew
      ? `Added ${answer.amount} ${currency}`
      : `${answer.amount} ${currency} had been added before`;
    print(`${done} (${made}). The balance is ${balance.total} ${currency}.`);
  });
}

async function showHistory(account: string, flags: HistoryFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const { limit, after } = flags;
    const page = { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) };
    const { items, next } = await administration.funds.history(account, readFields(PageQuery, page, 'parameter'));
    const answers = items.map((entry) => describeEntry(entry, administration.currency));
    if (flags.json) return printJson({ data: answers, next });
    printTable(
      ['ENTRY', 'TIME', 'KIND', 'AMOUNT', 'GRANTED', 'TOPPED UP', 'REFERENCE', 'NOTE'],
      answers.map(({ id, at, kind, amount, granted, topped_up, reference, note }) => [
        String(id),
        formatTime(at),
        kind,
        amount,
        granted,
        topped_up,
        reference,
        note ?? '',
      ]),
    );
  });
}
