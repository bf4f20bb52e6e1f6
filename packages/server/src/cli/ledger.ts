/** `plumb ledger`: makes sure that the books are right; works while a server runs on the same database. */

import { Command } from 'commander';
import { describeCheck } from '../admin/shapes/funds.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { CliError, ExitCode } from './exit-code.js';
import { withExample } from './help.js';
import { print, printJson, printTable } from './print.js';

export function ledgerCommand(clock: Clock = systemClock): Command {
  const ledger = new Command('ledger').description('Check the ledger.');
  const check = ledger
    .command('check')
    .description('Add up all entries: every balance must be their sum. Exit code 1 when one is not.');
  withCommonFlags(check, 'plumb ledger check').action((flags: AdministrationFlags) => checkLedger(flags, clock));
  return withExample(ledger, 'plumb ledger check');
}

async function checkLedger(flags: AdministrationFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const { ok, imbalances } = describeCheck(await administration.funds.check(), administration.currency);
    if (flags.json) printJson({ ok, imbalances });
    else if (ok) print('Every balance is the sum of its entries.');
    else {
      printTable(
        ['ACCOUNT', 'BALANCE', 'SUM OF ENTRIES'],
        imbalances.map(({ account_id, balance, sum_of_entries }) => [account_id, balance.total, sum_of_entries.total]),
      );
    }
    if (!ok) throw new CliError('Balances are not the sums of their entries: see above.', ExitCode.failed);
  });
}
