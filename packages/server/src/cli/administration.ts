/** What the commands of operators have in common: they work on the database, whether a server runs on it or not. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { AdministrationError } from '../accounts/administration-error.js';
import type { Administration } from '../admin/administration.js';
import { createAdministration } from '../admin/create-administration.js';
import type { Clock } from '../observe/clock.js';
import { openAccess } from '../store/open-access.js';
import { CliError, ExitCode } from './exit-code.js';
import { readConfig } from './read-config.js';
import { readSecret } from './read-secret.js';

/** The flags that every such command has. */
export interface AdministrationFlags {
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: true;
}

/** What a command works with. */
export interface Operator {
  readonly administration: Administration;
  /** Who it is, for the audit trail: `cli:` and the user of the system. */
  readonly actor: string;
}

/** Gives a command its common flags and its example. */
export function withCommonFlags(command: Command, example: string): Command {
  return command
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--config <file>', 'configuration file (default: plumb.yaml in the data folder)')
    .option('--json', 'answer as one line of JSON')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

/**
 * Opens what the flags name for as long as `use` works with it. `mustExist` says whether a data folder without a database
 * is an error. Rejects with a CliError for whatever is refused, and with a StoreError when the store cannot be used.
 */
export async function withAdministration<Result>(
  flags: AdministrationFlags,
  { clock, mustExist = true }: { readonly clock: Clock; readonly mustExist?: boolean },
  use: (operator: Operator) => Promise<Result>,
): Promise<Result> {
  const config = await readConfig({ dataDir: flags.dataDir, config: flags.config });
  const { data_dir: dataDir, database } = config;
  const access = await openAccess({ dataDir, clock, mustExist, database, secret: readSecret(process.env) });
  try {
    await access.administration.funds.useCurrency(config.billing.currency);
    return await use({ administration: createAdministration(config, access), actor: `cli:${userName()}` });
  } catch (error) {
    throw withExitCode(error);
  } finally {
    await access.close();
  }
}

function withExitCode(error: unknown): unknown {
  if (!(error instanceof AdministrationError)) return error;
  const exitCode = error.code === 'invalid' ? ExitCode.usage : ExitCode.failed;
  return new CliError(error.message, exitCode, { cause: error });
}

/** In a container, a user need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
