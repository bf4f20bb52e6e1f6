/** Asks a running server over its admin API, for what only the process itself knows: its engines, its configuration. */
import type { Command } from 'commander';
import { CliError, ExitCode } from './exit-code.js';
import { readConfig } from './read-config.js';

/** The flags that every such command has. */
export interface RemoteFlags {
  readonly url?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: true;
}

/** The environment variable that holds the admin key: a flag would be seen by every user of the machine. */
const KEY_VARIABLE = 'PLUMB_ADMIN_KEY';

/** How long an answer may take, in ms. */
const TIMEOUT_MS = 30_000;

/** Gives a command its common flags and its example. */
export function withRemoteFlags(command: Command, example: string): Command {
  return command
    .option('--url <url>', 'address of the server (default: host and port of the configuration)')
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--config <file>', 'configuration file (default: plumb.yaml in the data folder)')
    .option('--json', 'answer as one line of JSON')
    .addHelpText('after', `\nThe admin key is read from ${KEY_VARIABLE}.\n\nExample:\n  ${example}`);
}

/** Sends a request and returns the JSON of its answer. Rejects with a CliError that says what is wrong. */
export async function askServer(flags: RemoteFlags, method: string, path: string, body?: object): Promise<unknown> {
  const key = process.env[KEY_VARIABLE];
  if (!key) throw new CliError(`Set ${KEY_VARIABLE} to an admin key: plumb admin-keys create`, ExitCode.usage);
  const base = flags.url ?? (await readAddress(flags));
  const response = await send(`${base.replace(/\/$/, '')}/admin/v1${path}`, key, method, body);
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as unknown;
  throw new CliError(readMessage(text) ?? `${base} answered with status ${response.status}.`, ExitCode.failed);
}

async function readAddress({ dataDir, config }: RemoteFlags): Promise<string> {
  const { host, port } = await readConfig({ dataDir, config });
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function send(url: string, key: string, method: string, body: object | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new CliError(`No server answers at ${new URL(url).origin}: is it running?`, ExitCode.failed, {
      cause: error,
    });
  }
}

/** What the envelope of an error says; undefined for an answer of another kind. */
function readMessage(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof error?.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}
