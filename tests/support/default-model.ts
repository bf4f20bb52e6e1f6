/**
 * Finds the real default model for the tests that need trained weights. They skip by name where it is absent; fetching
 * it is the business of `plumb models pull`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The file of the default model, in a folder of its own inside the models folder. */
export const DEFAULT_MODEL_FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/**
 * The path of a GGUF with trained weights, or `undefined` when there is none: `PLUMB_TEST_MODEL` if set, else
 * `DEFAULT_MODEL_FILE` in a folder of `PLUMB_MODELS_DIR`, `$XDG_CACHE_HOME/plumb/models` or `~/.cache/plumb/models`, the
 * first of these that is set. Empty variables count as unset.
 */
export function defaultModelPath(): string | undefined {
  const chosen = process.env.PLUMB_TEST_MODEL;
  const paths = chosen ? [chosen] : modelFolders().map((folder) => join(folder, DEFAULT_MODEL_FILE));
  return paths.find((path) => existsSync(path));
}

function modelFolders(): string[] {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = process.env.PLUMB_MODELS_DIR || join(cache, 'plumb', 'models');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
