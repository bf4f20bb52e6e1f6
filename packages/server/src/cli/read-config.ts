/** The configuration of a command: the same as that of a server. */
import { availableParallelism } from 'node:os';
import { type ConfigFlags, loadConfig } from '../config/load-config.js';
import { ConfigError } from '../config/problem.js';
import type { Config } from '../config/settings.js';
import { CliError, ExitCode } from './exit-code.js';

/** Rejects with a ConfigError. */
export function loadConfiguration(flags: ConfigFlags): Promise<Config> {
  const { env, cwd } = process;
  return loadConfig({ flags, environment: env, currentDir: cwd(), cores: availableParallelism() });
}

/** Rejects with a CliError whose exit code is 2 when the configuration cannot be used. */
export async function readConfig(flags: ConfigFlags): Promise<Config> {
  try {
    return await loadConfiguration(flags);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, ExitCode.usage, { cause: error });
    throw error;
  }
}
