/**
 * Finds the real default model for the tests that need trained weights. They skip by name where it is absent; fetching
 * it is the business of `plumb models pull`.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the default model is called in the models folder. */
export const DEFAULT_MODEL_FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/**
 * The path of a GGUF with trained weights, or `undefined` when that file does not exist: `PLUMB_TEST_MODEL` if set,
 * else `DEFAULT_MODEL_FILE` in `PLUMB_MODELS_DIR`, `$XDG_CACHE_HOME/plumb/models` or `~/.cache/plumb/models`, the first
 * of these that is set. Empty variables count as unset.
 */
export function defaultModelPath(): string | undefined {
  const path = process.env.PLUMB_TEST_MODEL || join(modelsFolder(), DEFAULT_MODEL_FILE);
  return existsSync(path) ? path : undefined;
}

function modelsFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.PLUMB_MODELS_DIR || join(cache, 'plumb', 'models');
}
