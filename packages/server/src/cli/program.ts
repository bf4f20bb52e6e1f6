/** The commands of `plumb` put together; each is a file beside this one. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import colors from 'picocolors';
import { accountsCommand } from './accounts.js';
import { adminKeysCommand } from './admin-keys.js';
import { auditCommand } from './audit.js';
import { creditCommand } from './credit.js';
import { enginesCommand } from './engines.js';
import { CliError, ExitCode } from './exit-code.js';
import { keysCommand } from './keys.js';
import { ledgerCommand } from './ledger.js';
import { modelsCommand } from './models.js';
import { reloadCommand } from './reload.js';
import { serveCommand } from './serve.js';
import { tiersCommand } from './tiers.js';
import { usageCommand } from './usage.js';

/** Runs one command line, without the program's own name, and resolves with the exit code. Never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    return report(error);
  }
}

function createProgram(): Command {
  return new Command('plumb')
    .description('The DeepSeek API that you run yourself.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(plumb --help shows every command)')
    .addCommand(inherit(serveCommand()))
    .addCommand(inherit(accountsCommand()))
    .addCommand(inherit(keysCommand()))
    .addCommand(inherit(tiersCommand()))
    .addCommand(inherit(creditCommand()))
    .addCommand(inherit(usageCommand()))
    .addCommand(inherit(ledgerCommand()))
    .addCommand(inherit(adminKeysCommand()))
    .addCommand(inherit(auditCommand()))
    .addCommand(inherit(enginesCommand()))
    .addCommand(inherit(reloadCommand()))
    .addCommand(inherit(modelsCommand()));
}

/** Commander's settings are not inherited by commands that were made on their own. */
function inherit(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) inherit(child);
  return command;
}

function report(error: unknown): number {
  // Commander has printed its own message by then; help and version end well.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  const message = error instanceof Error ? error.message : String(error);
  console.error(`${colors.red('plumb:')} ${message}`);
  if (process.env.PLUMB_DEBUG !== undefined && error instanceof Error) console.error(error.stack);
  return error instanceof CliError ? error.exitCode : ExitCode.failed;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
