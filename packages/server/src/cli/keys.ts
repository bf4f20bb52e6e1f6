/** `plumb keys`: makes, lists and revokes keys; works while a server runs on the same data folder. */
import { Command } from 'commander';
import { DEFAULT_ACCOUNT_NAME, NameError } from '../accounts/account.js';
import type { ApiKey } from '../accounts/api-key.js';
import { issueKey } from '../accounts/issue-key.js';
import type { KeyHolder } from '../accounts/key-store.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type Access, openAccess } from '../store/open-access.js';
import { CliError, ExitCode } from './exit-code.js';
import { readStoreOptions } from './store-options.js';

/** The name of a key that was given none. */
const UNNAMED_KEY = 'unnamed';

interface CommonFlags {
  readonly dataDir?: string;
  readonly json?: true;
}

interface CreateFlags extends CommonFlags {
  readonly account: string;
  readonly name: string;
}

/** The command with its three verbs. Failures reject as a CliError or a StoreError whose message is for the operator. */
export function keysCommand(clock: Clock = systemClock): Command {
  const keys = new Command('keys').description('Make, list and revoke the keys that clients send.');
  keys
    .command('create')
    .description('Make a key. It is shown this once; only its hash is kept.')
    .option('--account <name>', 'the account that it belongs to; made when there is none', DEFAULT_ACCOUNT_NAME)
    .option('--name <name>', 'what the key is called in lists', UNNAMED_KEY)
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--json', 'answer as one line of JSON')
    .addHelpText('after', '\nExample:\n  plumb keys create --account search-team --name ci --json | jq -r .key')
    .action((flags: CreateFlags) => createKey(flags, clock));
  keys
    .command('list')
    .description('List the keys by their last four characters.')
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--json', 'answer as one line of JSON')
    .addHelpText('after', '\nExample:\n  plumb keys list')
    .action((flags: CommonFlags) => listKeys(flags, clock));
  keys
    .command('revoke <id>')
    .description('Revoke a key, by the id that `keys list` shows; servers refuse it from then on.')
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--json', 'answer as one line of JSON')
    .addHelpText('after', '\nExample:\n  plumb keys revoke key_4fT9sLkQ2mXz7VbA')
    .action((id: string, flags: CommonFlags) => revokeKey(id, flags, clock));
  return keys;
}

async function createKey(flags: CreateFlags, clock: Clock): Promise<void> {
  const { key, account, apiKey } = await withAccess(flags, clock, false, async (access) => {
    try {
      return await issueKey(access, { accountName: flags.account, name: flags.name });
    } catch (error) {
      if (error instanceof NameError) throw new CliError(error.message, ExitCode.usage, { cause: error });
      throw error;
    }
  });
  if (flags.json) return print(JSON.stringify({ key, ...describeKey({ account, key: apiKey }) }));
  print(key);
  process.stderr.write(`Key ${apiKey.id} of account ${account.name}. Keep it: it is not shown again.\n`);
}

async function listKeys(flags: CommonFlags, clock: Clock): Promise<void> {
  const holders = await withAccess(flags, clock, true, ({ keys }) => keys.listKeys());
  if (flags.json) return print(JSON.stringify({ keys: holders.map(describeKey) }));
  const now = clock.now();
  const rows = holders.map(({ account, key }) => [
    key.id,
    `sk-…${key.lastFour}`,
    account.name,
    key.name,
    formatTime(key.createdAt),
    key.lastUsedAt === undefined ? 'never' : formatTime(key.lastUsedAt),
    stateOf(key, now),
  ]);
  print(formatTable([['ID', 'KEY', 'ACCOUNT', 'NAME', 'CREATED', 'LAST USED', 'STATE'], ...rows]));
}

async function revokeKey(id: string, flags: CommonFlags, clock: Clock): Promise<void> {
  const holder = await withAccess(flags, clock, true, ({ keys }) => keys.revokeKey(id, clock.now()));
  if (holder === undefined)
    throw new CliError(`There is no key ${id}; \`plumb keys list\` shows all.`, ExitCode.failed);
  if (flags.json) return print(JSON.stringify(describeKey(holder)));
  print(`Revoked ${id} (sk-…${holder.key.lastFour}, ${holder.key.name}) of account ${holder.account.name}.`);
}

async function withAccess<Result>(
  flags: CommonFlags,
  clock: Clock,
  mustExist: boolean,
  use: (access: Access) => Promise<Result>,
): Promise<Result> {
  const access = await openAccess({ ...(await readStoreOptions(flags, process.env)), clock, mustExist });
  try {
    return await use(access);
  } finally {
    await access.close();
  }
}

/** A key as `--json` shows it; times are epoch ms. */
function describeKey({ account, key }: KeyHolder) {
  return {
    id: key.id,
    account: account.name,
    name: key.name,
    last_four: key.lastFour,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    revoked_at: key.revokedAt ?? null,
    last_used_at: key.lastUsedAt ?? null,
  };
}

function stateOf(key: ApiKey, now: number): string {
  if (key.revokedAt !== undefined) return 'revoked';
  return key.expiresAt !== undefined && key.expiresAt <= now ? 'expired' : 'active';
}

function formatTime(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
