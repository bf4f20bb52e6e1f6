/** Configuration file, environment and command line into one `Config`. Precedence: flag, environment, file, default. */
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Check } from 'typebox/schema';
import { defaultTiers } from '../accounts/tier.js';
import { withEmbeddingModel } from '../catalog/model-entry.js';
import { findBillingProblems } from './check-billing.js';
import { findFaultProblems } from './check-faults.js';
import { findPoolProblems, resolveKeys } from './check-pools.js';
import { findBrokenReferences } from './check-references.js';
import { findSimulationProblems } from './check-simulation.js';
import { findWorkerProblems } from './check-workers.js';
import { resolveDataDir } from './data-dir.js';
import { fillDefaults } from './fill-defaults.js';
import { ConfigError } from './problem.js';
import { quote, readSettings } from './read-settings.js';
import { describeAllowed, type SchemaNode } from './schema-node.js';
import { type Config, settingsSchema, WORKERS_MAX } from './settings.js';
import { simulateAll } from './simulate-all.js';

/** The configuration file that is read from the data folder when no other one is named. */
export const CONFIG_FILE_NAME = 'plumb.yaml';

/** The longest configuration file, in bytes. */
export const CONFIG_FILE_BYTES_MAX = 1024 * 1024;

/** What the command line said; texts as they were typed. */
export interface ConfigFlags {
  readonly dataDir?: string | undefined;
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  /** A number, or `auto`. */
  readonly workers?: string | undefined;
  readonly model?: string | undefined;
  readonly logLevel?: string | undefined;
  /** The name of a preset, or true for the default one. */
  readonly simulate?: string | true | undefined;
  readonly timeScale?: string | undefined;
}

/** Everything outside of the file that a configuration depends on. */
export interface ConfigSources {
  readonly flags: ConfigFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path; relative ones start there. */
  readonly currentDir: string;
  /** How many cores the machine has. */
  readonly cores: number;
}

/**
 * Builds the configuration. An empty flag or variable counts as not given. Rejects with a ConfigError that lists every
 * problem of file, environment and flags at once.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const { flags, environment, currentDir, cores } = sources;
  const schema = settingsSchema(cores);
  const dataDir = resolveDataDir({ flag: flags.dataDir, environment, currentDir });
  const file = await findFile(sources, dataDir);
  const label = file === undefined ? '' : labelOf(file.path, currentDir);
  const { values, problems } = readSettings(file?.text ?? '', label, schema);
  const overrides = readOverrides(sources, schema);
  const allProblems = [...problems, ...overrides.problems];
  if (allProblems.length > 0) throw new ConfigError(allProblems);
  for (const { path, value } of overrides.values) assign(values, path, value);
  if (flags.simulate || environment.PLUMB_SIMULATE) assign(values, ['simulate', 'enabled'], true);
  const filled = fillDefaults(schema, values);
  if (!Check(schema, filled)) throw new Error('A default of the configuration is nothing that its schema allows.');
  const models = filled.embeddings.model === undefined ? filled.models : withEmbeddingModel(filled.models);
  const workers = filled.workers === 'auto' ? Math.min(cores, WORKERS_MAX) : filled.workers;
  const settings = simulateAll({ ...filled, workers, models, tiers: { ...defaultTiers(), ...filled.tiers } });
  const senselessSettings = [
    ...findBrokenReferences(settings),
    ...findBillingProblems(settings),
    ...findPoolProblems(settings, environment),
    ...findSimulationProblems(settings),
    ...findFaultProblems(settings),
    ...findWorkerProblems(settings),
  ];
  if (senselessSettings.length > 0) throw new ConfigError(senselessSettings);
  const pools = resolveKeys(settings.pools, environment);
  return { ...settings, pools, data_dir: dataDir, ...(file === undefined ? {} : { config_file: file.path }) };
}

async function findFile({ flags, environment, currentDir }: ConfigSources, dataDir: string) {
  const named = flags.config || environment.PLUMB_CONFIG;
  const path = named ? resolve(currentDir, named) : join(dataDir, CONFIG_FILE_NAME);
  try {
    return { path, text: decode(await readFile(path), labelOf(path, currentDir)) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (!named && code === 'ENOENT') return undefined;
    throw new ConfigError([
      code === 'ENOENT'
        ? `the configuration file ${path} does not exist`
        : `the configuration file ${path} cannot be read: ${message}`,
    ]);
  }
}

function decode(bytes: Buffer, label: string): string {
  if (bytes.length > CONFIG_FILE_BYTES_MAX) {
    throw new ConfigError([`${label} has ${bytes.length} bytes; a configuration has at most ${CONFIG_FILE_BYTES_MAX}`]);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([`${label} is not UTF-8 text`]);
  }
}

/** How messages call a file: relative when it lies in the current folder, else absolute. */
function labelOf(path: string, currentDir: string): string {
  const fromHere = relative(currentDir, path);
  return fromHere.startsWith('..') ? path : fromHere;
}

interface Override {
  readonly path: readonly [string] | readonly [string, string];
  /** The command line never carries a secret. */
  readonly flag?: string;
  readonly flagValue?: string | undefined;
  readonly variable: string;
}

function listOverrides(flags: ConfigFlags): Override[] {
  return [
    { path: ['host'], flag: '--host', flagValue: flags.host, variable: 'PLUMB_HOST' },
    { path: ['port'], flag: '--port', flagValue: flags.port, variable: 'PORT' },
    { path: ['workers'], flag: '--workers', flagValue: flags.workers, variable: 'PLUMB_WORKERS' },
    { path: ['model'], flag: '--model', flagValue: flags.model, variable: 'PLUMB_MODEL' },
    { path: ['simulate', 'preset'], flag: '--simulate', flagValue: presetOf(flags), variable: 'PLUMB_SIMULATE' },
    {
      path: ['simulate', 'time_scale'],
      flag: '--time-scale',
      flagValue: flags.timeScale,
      variable: 'PLUMB_TIME_SCALE',
    },
    { path: ['log', 'level'], flag: '--log-level', flagValue: flags.logLevel, variable: 'PLUMB_LOG_LEVEL' },
    { path: ['database', 'url'], variable: 'PLUMB_DATABASE_URL' },
    { path: ['shared_limits', 'redis_url'], variable: 'PLUMB_REDIS_URL' },
  ];
}

function presetOf({ simulate }: ConfigFlags): string | undefined {
  return simulate === true ? undefined : simulate;
}

function readOverrides({ flags, environment }: ConfigSources, schema: SchemaNode) {
  const values: { path: readonly string[]; value: unknown }[] = [];
  const problems: string[] = [];
  for (const { path, flag, flagValue, variable } of listOverrides(flags)) {
    const text = flagValue || environment[variable];
    if (!text) continue;
    const allowed = path.reduce<SchemaNode>((node, key) => node.properties?.[key] ?? {}, schema);
    const value = isNumberOf(allowed, text) ? Number(text) : text;
    if (Check(allowed, value)) values.push({ path, value });
    else
      problems.push(
        `${flagValue ? flag : variable} must be ${describeAllowed(allowed)}${quoteUnlessSecret(allowed, text)}`,
      );
  }
  return { values, problems };
}

/** Whether a text means a number to a setting. */
function isNumberOf(allowed: SchemaNode, text: string): boolean {
  if (allowed.anyOf !== undefined) return allowed.anyOf.some((node) => isNumberOf(node, text));
  return allowed.type === 'integer' ? /^\d+$/.test(text) : allowed.type === 'number' && /^[\d.]+$/.test(text);
}

function quoteUnlessSecret({ secret }: SchemaNode, text: string): string {
  return secret ? '' : `, not "${quote(text)}"`;
}

function assign(values: Record<string, unknown>, [first, second]: readonly string[], value: unknown): void {
  if (second === undefined) values[first!] = value;
  else values[first!] = { ...(values[first!] as object | undefined), [second]: value };
}
