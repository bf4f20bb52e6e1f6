/** The secret of the keys, where the environment gives it. */
import { SECRET_VARIABLE } from '../store/secret.js';

/** 64 hex digits; undefined means the file in the data folder. An empty variable counts as not given. */
export function readSecret(environment: NodeJS.ProcessEnv): string | undefined {
  return environment[SECRET_VARIABLE] || undefined;
}
