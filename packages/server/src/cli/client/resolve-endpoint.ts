/**
 * Which endpoint a command talks to, with which key and model. Two steps: the address is chosen first, then a key that is
 * at home there. A key that belongs to another server is never sent.
 */
import { CliError, ExitCode } from '../exit-code.js';
import { maskKey } from '../redactor.js';
import { isSameOrigin, readBaseUrl } from './base-url.js';
import { type ClientSettings, readClientSettings } from './client-settings.js';
import type { ClientContext } from './context.js';
import { type Credentials, credentialsPath, keyFor, readCredentials } from './credentials.js';
import type { EndpointFlags } from './flags.js';
import { readKeyFile, readKeyStdin, runKeyCommand } from './read-key.js';
import { OWN_URL, PLUMB, VENDORS, type Vendor } from './vendors.js';

/** A key, and where it was found, for people. */
export interface FoundKey {
  readonly key: string;
  readonly origin: string;
}

export interface Target {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly key: FoundKey;
  /** Undefined when nothing names one: the endpoint is asked. */
  readonly model: string | undefined;
}

/** What a user has set apart from flags and environment. */
interface UserFiles {
  readonly settings: ClientSettings;
  readonly credentials: Credentials;
}

/** Rejects with a CliError when a source cannot be read, or (exit code 3) when no key is at home at the address. */
export async function resolveEndpoint(flags: EndpointFlags, context: ClientContext): Promise<Target> {
  const files = await readUserFiles(context);
  const baseUrl = chooseBaseUrl(flags, context.environment, files);
  const key = await findKey(flags, baseUrl, context, files);
  if (key === undefined) throw keyMissing(baseUrl, context.environment);
  context.redactor.add(key.key);
  return { baseUrl, key, model: flags.model ?? chooseModel(baseUrl, context.environment, files.settings) };
}

/** The address alone, for commands that bring or forget a key. */
export async function resolveBaseUrl(flags: EndpointFlags, context: ClientContext): Promise<string> {
  return chooseBaseUrl(flags, context.environment, await readUserFiles(context));
}

async function readUserFiles({ environment }: ClientContext): Promise<UserFiles> {
  return { settings: await readClientSettings(environment), credentials: await readCredentials(environment) };
}

/** --base-url, else the first vendor of which a variable is set, else client.yaml, else the last login, else our own. */
function chooseBaseUrl(
  flags: EndpointFlags,
  environment: NodeJS.ProcessEnv,
  { settings, credentials }: UserFiles,
): string {
  if (flags.baseUrl !== undefined) return readBaseUrl(flags.baseUrl, '--base-url');
  const vendor = VENDORS.find(({ keyVariable, urlVariable }) => environment[keyVariable] || environment[urlVariable]);
  if (vendor !== undefined) return homeOf(vendor, environment, settings) ?? OWN_URL;
  return settings.baseUrl ?? credentials.current ?? OWN_URL;
}

/** Where the key of a vendor may be sent. Undefined for ours without an address: it goes where --base-url says. */
function homeOf(vendor: Vendor, environment: NodeJS.ProcessEnv, settings: ClientSettings): string | undefined {
  const given = environment[vendor.urlVariable];
  if (given) return readBaseUrl(given, vendor.urlVariable);
  return vendor === PLUMB ? settings.baseUrl : vendor.usualUrl;
}

async function findKey(
  flags: EndpointFlags,
  baseUrl: string,
  context: ClientContext,
  { settings, credentials }: UserFiles,
): Promise<FoundKey | undefined> {
  if (flags.apiKeyFile !== undefined) return { key: await readKeyFile(flags.apiKeyFile), origin: flags.apiKeyFile };
  if (flags.apiKeyStdin) return { key: await readKeyStdin(context.stdin), origin: 'stdin' };
  const variable = findVariable(baseUrl, context.environment, settings);
  if (variable !== undefined) return { key: context.environment[variable] ?? '', origin: variable };
  const { apiKeyCommand: command } = settings;
  if (command !== undefined && isSameOrigin(settings.baseUrl ?? OWN_URL, baseUrl)) {
    return { key: await runKeyCommand(command), origin: 'api_key_command' };
  }
  const kept = keyFor(credentials, baseUrl);
  return kept === undefined ? undefined : { key: kept, origin: credentialsPath(context.environment) };
}

/** The variable with the key that is at home at an address. */
function findVariable(baseUrl: string, environment: NodeJS.ProcessEnv, settings: ClientSettings): string | undefined {
  const homes = VENDORS.map((vendor) => ({ vendor, home: homeOf(vendor, environment, settings) }));
  const isAtHome = ({ home }: (typeof homes)[number]) => home !== undefined && isSameOrigin(home, baseUrl);
  const atHome = homes.filter(isAtHome).map(({ vendor }) => vendor.keyVariable);
  const found = atHome.find((name) => environment[name]);
  if (found !== undefined) return found;
  // Ours has no home of its own unless one is set, but it is no guest at a server of somebody else either.
  const isFree = homeOf(PLUMB, environment, settings) === undefined && atHome.length === 0;
  return isFree && environment[PLUMB.keyVariable] ? PLUMB.keyVariable : undefined;
}

function chooseModel(baseUrl: string, environment: NodeJS.ProcessEnv, settings: ClientSettings): string | undefined {
  for (const vendor of VENDORS) {
    const home = homeOf(vendor, environment, settings);
    const model = vendor.modelVariable && environment[vendor.modelVariable];
    if (model && home !== undefined && isSameOrigin(home, baseUrl)) return model;
  }
  return isSameOrigin(settings.baseUrl ?? OWN_URL, baseUrl) ? settings.model : undefined;
}

function keyMissing(baseUrl: string, environment: NodeJS.ProcessEnv): CliError {
  const elsewhere = VENDORS.find(({ keyVariable }) => environment[keyVariable]);
  const guest =
    elsewhere === undefined
      ? ''
      : ` The one in ${elsewhere.keyVariable} (${maskKey(environment[elsewhere.keyVariable] ?? '')}) belongs to another ` +
        `server; if it is meant for this one, set ${elsewhere.urlVariable} to it.`;
  return new CliError(
    `There is no key for ${baseUrl}.${guest} Set PLUMB_API_KEY, give --api-key-file, or keep one: plumb login ` +
      `--base-url ${baseUrl}`,
    ExitCode.authentication,
  );
}
