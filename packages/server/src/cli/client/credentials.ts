/** The keys that `plumb login` keeps: one for each endpoint, in a file that only its owner may read. */
import { join } from 'node:path';
import { CliError, ExitCode } from '../exit-code.js';
import { isSameOrigin } from './base-url.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';
import { configFolder } from './user-folders.js';

export interface Credentials {
  /** The endpoint that is used where nothing names one: the one of the last login. */
  readonly current: string | undefined;
  /** Base URL to key. */
  readonly keys: Readonly<Record<string, string>>;
}

const NO_CREDENTIALS: Credentials = { current: undefined, keys: {} };

/** Where the file is. */
export function credentialsPath(environment: NodeJS.ProcessEnv): string {
  return join(configFolder(environment), 'credentials.json');
}

/** Rejects with a CliError when others may read the file, or when it is damaged. */
export async function readCredentials(environment: NodeJS.ProcessEnv): Promise<Credentials> {
  const path = credentialsPath(environment);
  const text = await readPrivateFile(path);
  if (text === undefined) return NO_CREDENTIALS;
  const credentials = parseCredentials(text);
  if (credentials !== undefined) return credentials;
  throw new CliError(`${path} is damaged. Remove it, and log in again: plumb login`, ExitCode.usage);
}

/** Keeps a key, in the place of an earlier one of the same endpoint, and makes its endpoint the current one. */
export async function keepKey(environment: NodeJS.ProcessEnv, baseUrl: string, key: string): Promise<void> {
  const { keys } = await readCredentials(environment);
  await write(environment, { current: baseUrl, keys: { ...keys, [baseUrl]: key } });
}

/** Forgets the key of an endpoint, or all. Resolves with the endpoints whose keys were forgotten. */
export async function forgetKeys(environment: NodeJS.ProcessEnv, baseUrl: string | undefined): Promise<string[]> {
  const { current, keys } = await readCredentials(environment);
  const forgotten = Object.keys(keys).filter((url) => baseUrl === undefined || url === baseUrl);
  const kept = Object.entries(keys).filter(([url]) => !forgotten.includes(url));
  const stays = kept.some(([url]) => url === current) ? current : kept[0]?.[0];
  if (forgotten.length > 0) await write(environment, { current: stays, keys: Object.fromEntries(kept) });
  return forgotten;
}

/** The key that is kept for an endpoint: that of the same base URL, else that of the same server. */
export function keyFor({ keys }: Credentials, baseUrl: string): string | undefined {
  const sameServer = Object.keys(keys).find((url) => isSameOrigin(url, baseUrl));
  return keys[baseUrl] ?? (sameServer === undefined ? undefined : keys[sameServer]);
}

async function write(environment: NodeJS.ProcessEnv, { current, keys }: Credentials): Promise<void> {
  await writePrivateFile(credentialsPath(environment), `${JSON.stringify({ current, keys }, null, 2)}\n`);
}

/** Undefined when the text is none of ours. */
function parseCredentials(text: string): Credentials | undefined {
  try {
    const { current, keys } = JSON.parse(text) as { current?: unknown; keys?: unknown };
    if (typeof keys !== 'object' || keys === null) return undefined;
    const entries = Object.entries(keys);
    if (!entries.every((entry): entry is [string, string] => isEndpointKey(entry))) return undefined;
    return { current: typeof current === 'string' ? current : undefined, keys: Object.fromEntries(entries) };
  } catch {
    return undefined;
  }
}

function isEndpointKey([url, key]: [string, unknown]): boolean {
  return URL.canParse(url) && typeof key === 'string';
}
