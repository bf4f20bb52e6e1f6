/** Which store a command works on: the same one as a server that is started with the same flags and environment. */
import { availableParallelism } from 'node:os';
import { loadConfig } from '../config/load-config.js';
import { ConfigError } from '../config/problem.js';
import type { StoreOptions } from '../store/open-store.js';
import { SECRET_VARIABLE } from '../store/secret.js';
import { CliError, ExitCode } from './exit-code.js';

/** Reads configuration and environment. Rejects with a CliError when the configuration is wrong. */
export async function readStoreOptions(
  flags: { readonly dataDir?: string },
  environment: NodeJS.ProcessEnv,
): Promise<Pick<StoreOptions, 'dataDir' | 'database' | 'secret'>> {
  try {
    const cores = availableParallelism();
    const config = await loadConfig({ flags, environment, currentDir: process.cwd(), cores });
    return { dataDir: config.data_dir, database: config.database, secret: readSecret(environment) };
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, ExitCode.usage, { cause: error });
    throw error;
  }
}

/** The secret that the environment gives; an empty variable counts as not given. */
export function readSecret(environment: NodeJS.ProcessEnv): string | undefined {
  return environment[SECRET_VARIABLE] || undefined;
}
