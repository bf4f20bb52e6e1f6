/** `plumb login` and `plumb logout`: keep the key of an endpoint for later commands, and forget it. */
import { Command } from 'commander';
import { CliError, ExitCode } from '../exit-code.js';
import { withExample } from '../help.js';
import { print } from '../print.js';
import { maskKey } from '../redactor.js';
import { connect } from './connect.js';
import { type ClientContext, say } from './context.js';
import { credentialsPath, forgetKeys, keepKey } from './credentials.js';
import { withExitCode } from './failure.js';
import { type EndpointFlags, withEndpointFlags } from './flags.js';
import { askHidden } from './hidden-prompt.js';
import { untilInterrupted } from './interrupt.js';
import { listModelIds } from './list-models.js';
import { cleanKey, readKeyFile, readKeyStdin } from './read-key.js';
import { resolveBaseUrl } from './resolve-endpoint.js';

interface LoginFlags extends EndpointFlags {
  /** False when it is not tried first. */
  readonly check: boolean;
}

interface LogoutFlags {
  readonly baseUrl?: string;
  readonly all?: true;
}

export function loginCommand(context: ClientContext): Command {
  const login = new Command('login')
    .summary('Keep the key of an endpoint for later commands.')
    .description('Keep the key of an endpoint for later commands. It is asked for, and tried first.')
    .option('--no-check', 'keep it without trying it');
  withExample(
    withEndpointFlags(login),
    'plumb login --base-url https://api.deepseek.com',
    'pass show work/plumb | plumb login --api-key-stdin',
  );
  return login.action((flags: LoginFlags) =>
    untilInterrupted((signal) => logIn(flags, context, signal)).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

export function logoutCommand(context: ClientContext): Command {
  const logout = new Command('logout')
    .summary('Forget the key that is kept for an endpoint.')
    .description('Forget the key that is kept for an endpoint. It stays good: revoke it where it was made.')
    .option('--base-url <url>', 'which endpoint (default: the one that commands use now)')
    .option('--all', 'forget all keys');
  withExample(logout, 'plumb logout --base-url https://api.deepseek.com');
  return logout.action((flags: LogoutFlags) => logOut(flags, context));
}

async function logIn(flags: LoginFlags, context: ClientContext, signal: AbortSignal): Promise<void> {
  const { environment, redactor, clock } = context;
  const baseUrl = await resolveBaseUrl(flags, context);
  const key = await readKey(flags, baseUrl, context, signal);
  redactor.add(key);
  if (flags.check) {
    const target = { baseUrl, key: { key, origin: 'login' }, model: undefined };
    await listModelIds(connect(target, context), clock, signal);
  }
  await keepKey(environment, baseUrl, key);
  print(`Kept ${maskKey(key)} for ${baseUrl} in ${credentialsPath(environment)}.`);
  const used = await resolveBaseUrl({}, context);
  if (used !== baseUrl) say(context, `Commands use ${used} unless --base-url says otherwise.`);
}

async function readKey(
  flags: LoginFlags,
  baseUrl: string,
  context: ClientContext,
  signal: AbortSignal,
): Promise<string> {
  if (flags.apiKeyFile !== undefined) return readKeyFile(flags.apiKeyFile);
  if (flags.apiKeyStdin) return readKeyStdin(context.stdin);
  if (!context.stdin.isTTY) {
    throw new CliError('There is no terminal to ask on: give --api-key-file or --api-key-stdin.', ExitCode.usage);
  }
  return cleanKey(await askHidden(`Key for ${baseUrl} (it is not shown): `, context, signal), 'What was typed');
}

async function logOut({ baseUrl, all }: LogoutFlags, context: ClientContext): Promise<void> {
  const chosen = all ? undefined : await resolveBaseUrl(baseUrl === undefined ? {} : { baseUrl }, context);
  const forgotten = await forgetKeys(context.environment, chosen);
  if (forgotten.length > 0) return print(`Forgot the key for ${forgotten.join(', ')}.`);
  throw new CliError(`No key is kept for ${chosen ?? 'any endpoint'}.`, ExitCode.failed);
}
