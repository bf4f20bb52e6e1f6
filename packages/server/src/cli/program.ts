/** The commands of `plumb` put together; each is a file beside this one, or in `client/` for users of an endpoint. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../assemble/package-version.js';
import type { ClientContext } from './client/context.js';
import { colorsFor } from './colors.js';
import { CliError, ExitCode } from './exit-code.js';
import { withExample } from './help.js';
import { Redactor } from './redactor.js';

/** The context of commands for users of an endpoint, loaded with the toolkit when one of them asks for it. */
type OpenContext = () => Promise<ClientContext>;

type Loader = (openContext: OpenContext) => Promise<Command>;

/**
 * All commands, in the groups and the order of the help text. Each is loaded when it is needed: a question to an endpoint
 * does not wait for the database.
 */
const GROUPS: Readonly<Record<string, Readonly<Record<string, Loader>>>> = {
  'Serving:': {
    serve: async () => (await import('./serve.js')).serveCommand(),
    models: async (openContext) => {
      const served = (await import('./client/served-models.js')).servedModelsCommand(await openContext());
      return (await import('./models.js')).modelsCommand().addCommand(served, { isDefault: true });
    },
    engines: async () => (await import('./engines.js')).enginesCommand(),
    simulate: async () => (await import('./simulate.js')).simulateCommand(),
    reload: async () => (await import('./reload.js')).reloadCommand(),
  },
  'Using an endpoint:': {
    chat: async (openContext) => (await import('./client/chat.js')).chatCommand(await openContext()),
    complete: async (openContext) => (await import('./client/complete.js')).completeCommand(await openContext()),
    batch: async (openContext) => (await import('./client/batch.js')).batchCommand(await openContext()),
    plan: async (openContext) => (await import('./client/plan/plan.js')).planCommand(await openContext()),
    load: async (openContext) => (await import('./client/load.js')).loadCommand(await openContext()),
    balance: async (openContext) => (await import('./client/balance.js')).balanceCommand(await openContext()),
    check: async (openContext) => (await import('./client/check.js')).checkCommand(await openContext()),
    report: async (openContext) => (await import('./client/report.js')).reportCommand(await openContext()),
    login: async (openContext) => (await import('./client/login.js')).loginCommand(await openContext()),
    logout: async (openContext) => (await import('./client/login.js')).logoutCommand(await openContext()),
  },
  'Rehearsal:': {
    record: async () => (await import('./record.js')).recordCommand(),
    replay: async () => (await import('./replay.js')).replayCommand(),
  },
  'Administration:': {
    accounts: async () => (await import('./accounts.js')).accountsCommand(),
    keys: async (openContext) => {
      const test = (await import('./client/test-key.js')).testKeyCommand(await openContext());
      return (await import('./keys.js')).keysCommand().addCommand(test);
    },
    tiers: async () => (await import('./tiers.js')).tiersCommand(),
    credit: async () => (await import('./credit.js')).creditCommand(),
    usage: async () => (await import('./usage.js')).usageCommand(),
    ledger: async () => (await import('./ledger.js')).ledgerCommand(),
    'admin-keys': async () => (await import('./admin-keys.js')).adminKeysCommand(),
    audit: async () => (await import('./audit.js')).auditCommand(),
  },
  'Other:': {
    completion: async () => (await import('./completion/completion.js')).completionCommand(),
  },
};

/** Runs one command line, without the program's own name, and resolves with the exit code. Never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  const redactor = new Redactor(process.env);
  try {
    const program = await createProgram(redactor, args[0]);
    await program.parseAsync(args, { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    return report(error, redactor);
  }
}

/** The program with one of its commands, or with all when `only` names none or one that needs the others. */
export async function createProgram(redactor: Redactor = new Redactor(), only?: string): Promise<Command> {
  const openContext = async () => (await import('./client/context.js')).createClientContext(redactor);
  const program = new Command('plumb')
    .description('The DeepSeek API that you run yourself, and the tools to use it well.')
    .version(packageVersion(), '-V, --version')
    .showHelpAfterError('(plumb --help shows every command)');
  const names = Object.values(GROUPS).flatMap((group) => Object.keys(group));
  const isAlone = only !== undefined && only !== 'completion' && names.includes(only);
  for (const [title, group] of Object.entries(GROUPS)) {
    program.commandsGroup(title);
    const loaders = Object.entries(group).filter(([name]) => !isAlone || name === only);
    for (const [, load] of loaders) program.addCommand(await load(openContext));
  }
  program.helpCommand('help [command]', 'Show the help of a command.');
  return prepare(withExample(program, 'plumb serve', 'echo "Why is the sky blue?" | plumb chat'), redactor);
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
