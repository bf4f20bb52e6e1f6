/** The commands of `plumb` put together; each is a file beside this one, or in `client/` for users of an endpoint. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../assemble/package-version.js';
import { accountsCommand } from './accounts.js';
import { adminKeysCommand } from './admin-keys.js';
import { auditCommand } from './audit.js';
import { balanceCommand } from './client/balance.js';
import { chatCommand } from './client/chat.js';
import { completeCommand } from './client/complete.js';
import { createClientContext } from './client/context.js';
import { loginCommand, logoutCommand } from './client/login.js';
import { reportCommand } from './client/report.js';
import { servedModelsCommand } from './client/served-models.js';
import { testKeyCommand } from './client/test-key.js';
import { colorsFor } from './colors.js';
import { completionCommand } from './completion/completion.js';
import { creditCommand } from './credit.js';
import { enginesCommand } from './engines.js';
import { CliError, ExitCode } from './exit-code.js';
import { withExample } from './help.js';
import { keysCommand } from './keys.js';
import { ledgerCommand } from './ledger.js';
import { modelsCommand } from './models.js';
import { Redactor } from './redactor.js';
import { reloadCommand } from './reload.js';
import { serveCommand } from './serve.js';
import { tiersCommand } from './tiers.js';
import { usageCommand } from './usage.js';

/** Runs one command line, without the program's own name, and resolves with the exit code. Never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  const redactor = new Redactor(process.env);
  try {
    await createProgram(redactor).parseAsync(args, { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    return report(error, redactor);
  }
}

/** All commands, in the groups of the help text. */
export function createProgram(redactor: Redactor = new Redactor()): Command {
  const context = createClientContext(redactor);
  const program = new Command('plumb')
    .description('The DeepSeek API that you run yourself, and the tools to use it well.')
    .version(packageVersion(), '-V, --version')
    .commandsGroup('Serving:')
    .addCommand(serveCommand())
    .addCommand(modelsCommand().addCommand(servedModelsCommand(context), { isDefault: true }))
    .addCommand(enginesCommand())
    .addCommand(reloadCommand())
    .commandsGroup('Using an endpoint:')
    .addCommand(chatCommand(context))
    .addCommand(completeCommand(context))
    .addCommand(balanceCommand(context))
    .addCommand(reportCommand(context))
    .addCommand(loginCommand(context))
    .addCommand(logoutCommand(context))
    .commandsGroup('Administration:')
    .addCommand(accountsCommand())
    .addCommand(keysCommand().addCommand(testKeyCommand(context)))
    .addCommand(tiersCommand())
    .addCommand(creditCommand())
    .addCommand(usageCommand())
    .addCommand(ledgerCommand())
    .addCommand(adminKeysCommand())
    .addCommand(auditCommand())
    .commandsGroup('Other:')
    .addCommand(completionCommand())
    .helpCommand('help [command]', 'Show the help of a command.')
    .showHelpAfterError('(plumb --help shows every command)');
  withExample(program, 'plumb serve', 'echo "Why is the sky blue?" | plumb chat');
  return prepare(program, redactor);
}

/** Commander's settings are not inherited by commands that were made on their own. */
function prepare(command: Command, redactor: Redactor): Command {
  command.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(redactor.redact(text)) });
  for (const child of command.commands) prepare(child, redactor);
  return command;
}

function report(error: unknown, redactor: Redactor): number {
  // Commander has printed its own message by then; help and version end well.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  // Whoever read the answer has had enough of it, as `head` has after some lines.
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return ExitCode.ok;
  const message = error instanceof Error ? error.message : String(error);
  const { red } = colorsFor(process.stderr, process.env);
  console.error(`${red('plumb:')} ${redactor.redact(message)}`);
  if (process.env.PLUMB_DEBUG !== undefined && error instanceof Error)
    console.error(redactor.redact(error.stack ?? ''));
  return error instanceof CliError ? error.exitCode : ExitCode.failed;
}
