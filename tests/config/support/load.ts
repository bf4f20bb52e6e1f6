/** Loads configurations for tests, and tells what is wrong with them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ConfigFlags, loadConfig } from '#server/config/load-config.js';
import { ConfigError } from '#server/config/problem.js';
import type { Config } from '#server/config/settings.js';
import { temporaryFolder } from '../../store/helpers/temporary-folder.js';

export interface Given {
  /** The text of `plumb.yaml` in the current folder, named by `--config`. */
  readonly file?: string | Buffer;
  readonly flags?: ConfigFlags;
  readonly environment?: Record<string, string>;
  readonly cores?: number;
}

/** Loads a configuration in a folder of its own. */
export async function load(
  context: TestContext,
  { file, flags = {}, environment = {}, cores = 4 }: Given,
): Promise<{ currentDir: string; config: Config }> {
  const currentDir = await temporaryFolder(context);
  if (file !== undefined) await writeFile(join(currentDir, 'plumb.yaml'), file);
  const named = file === undefined ? {} : { config: 'plumb.yaml' };
  return { currentDir, config: await loadConfig({ flags: { ...named, ...flags }, environment, currentDir, cores }) };
}

/** Fails when the configuration is accepted; else everything that is wrong with it. */
export async function problemsOf(context: TestContext, given: Given): Promise<readonly string[]> {
  const error = await load(context, given).then(
    () => assert.fail('the configuration was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError, String(error));
  for (const problem of error.problems) assert.ok(error.message.includes(problem));
  return error.problems;
}
