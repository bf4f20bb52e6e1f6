/** `plumb balance`: what the account of the key can spend. */

import { KitError } from '@plumb/client';
import type { UserBalance } from '@plumb/wire';
import { Command } from 'commander';
import { CliError, ExitCode } from '../exit-code.js';
import { withExample } from '../help.js';
import { printJson, printTable, remark } from '../print.js';
import { connect } from './connect.js';
import type { ClientContext } from './context.js';
import { withExitCode } from './failure.js';
import { type EndpointFlags, withEndpointFlags } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { resolveEndpoint } from './resolve-endpoint.js';
import { sendForJson } from './send.js';

interface BalanceFlags extends EndpointFlags {
  readonly json?: true;
}

export function balanceCommand(context: ClientContext): Command {
  const balance = new Command('balance')
    .description('Show what the account of the key can spend.')
    .option('--json', 'print the answer of the API as one line of JSON');
  withExample(withEndpointFlags(balance), 'plumb balance', "plumb balance --json | jq -e '.is_available'");
  return balance.action((flags: BalanceFlags) =>
    untilInterrupted((signal) => showBalance(flags, context, signal)).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

async function showBalance(flags: BalanceFlags, context: ClientContext, signal: AbortSignal): Promise<void> {
  const target = await resolveEndpoint(flags, context);
  const balance = await askBalance(target.baseUrl, () =>
    sendForJson(
      connect(target, context),
      context.clock,
      { method: 'GET', url: `${target.baseUrl}/user/balance` },
      signal,
    ),
  );
  if (flags.json) return printJson(balance);
  const { is_available, balance_infos } = balance as Partial<UserBalance>;
  printTable(
    ['CURRENCY', 'BALANCE', 'GRANTED', 'TOPPED UP'],
    (balance_infos ?? []).map((info) => [
      info.currency,
      info.total_balance,
      info.granted_balance,
      info.topped_up_balance,
    ]),
  );
  if (is_available === false) remark('The account cannot make requests until money is added.');
}

/** Only DeepSeek and Plumb tell it. */
async function askBalance<Result>(baseUrl: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!KitError.is(error) || error.status !== 404) throw error;
    throw new CliError(`${baseUrl} does not tell balances.`, ExitCode.failed, { cause: error });
  }
}
