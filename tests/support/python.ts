/** A Python virtual environment for tests with foreign clients: made once per set of packages, kept in the clone. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../.cache/python/', import.meta.url));

/** Making an environment and installing into it, in ms. */
const INSTALL_TIMEOUT_MS = 300_000;
const SCRIPT_TIMEOUT_MS = 120_000;

/** The version of the OpenAI SDK for Python that tests and examples run with. */
export const OPENAI_FOR_PYTHON = 'openai==3.54.0';

export interface Python {
  /** Runs a script with arguments and an environment, and resolves with what it printed. */
  run(script: string, args: readonly string[], environment?: Record<string, string>): Promise<string>;
}

/** A Python with exactly these packages (`name==version`), or the reason why there is none. */
export async function pythonWith(packages: readonly string[]): Promise<Python | string> {
  const folder = join(cache, packages.join('+').replaceAll('=', '-'));
  if (!existsSync(folder)) {
    const reason = await makeEnvironment(folder, packages);
    if (reason !== undefined) return reason;
  }
  const binary = join(folder, 'bin', 'python');
  return {
    async run(script, args, environment = {}) {
      const options = { timeout: SCRIPT_TIMEOUT_MS, env: { ...process.env, ...environment } };
      const { stdout } = await run(binary, [script, ...args], options);
      return stdout;
    },
  };
}

async function makeEnvironment(folder: string, packages: readonly string[]): Promise<string | undefined> {
  const unfinished = `${folder}.${process.pid}`;
  try {
    await mkdir(cache, { recursive: true });
    await run('python3', ['-m', 'venv', unfinished], { timeout: INSTALL_TIMEOUT_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await run(join(unfinished, 'bin', 'python'), pip, { timeout: INSTALL_TIMEOUT_MS });
    await rename(unfinished, folder);
    return undefined;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another test file may have made the same one meanwhile.
    if (existsSync(folder)) return undefined;
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'python3 is not on this machine' : `no Python environment: ${message.split('\n')[0]}`;
  }
}
