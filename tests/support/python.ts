/** Python virtual environments for tests with foreign clients: one per list of requirements, kept in the clone. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withLock } from '#server/models/lock.js';
import { DEFAULT_PACE } from '#server/models/transfer.js';
import { systemClock } from '#server/observe/clock.js';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../.cache/python/', import.meta.url));
const requirements = fileURLToPath(new URL('../../foreign/python/requirements/', import.meta.url));

/** Making an environment and installing into it, in ms. */
const INSTALL_TIMEOUT_MS = 480_000;
const SCRIPT_TIMEOUT_MS = 120_000;
/** What a script may print, in bytes. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The lists in `tests/foreign/python/requirements`. */
export type Requirements = 'openai' | 'frameworks';

/** How a script is run. */
export interface PythonOptions {
  /** Variables over those of this process. */
  readonly environment?: Record<string, string>;
  readonly folder?: string;
}

export interface Python {
  /** The folder of the environment; what is fetched beside it may be kept there. */
  readonly folder: string;
  /** Runs Python with arguments, the first of which is a script or `-m`, and resolves with what it printed. */
  run(args: readonly string[], options?: PythonOptions): Promise<string>;
}

/** A Python with exactly the packages of a list, or the reason why there is none. */
export async function pythonWith(list: Requirements): Promise<Python | string> {
  const path = join(requirements, `${list}.txt`);
  const digest = createHash('sha256').update(await readFile(path));
  const folder = join(cache, `${list}-${digest.digest('hex').slice(0, 16)}`);
  const reason = existsSync(folder) ? undefined : await makeOnce(folder, path);
  return reason ?? openEnvironment(folder);
}

function openEnvironment(folder: string): Python {
  const binary = join(folder, 'bin', 'python');
  return {
    folder,
    async run(args, { environment = {}, folder: cwd } = {}) {
      const env = { ...process.env, ...environment };
      const options = { timeout: SCRIPT_TIMEOUT_MS, env, maxBuffer: OUTPUT_BYTES_MAX, ...(cwd && { cwd }) };
      const { stdout } = await run(binary, args, options);
      return stdout;
    },
  };
}

/** Several test files need the same environment at the same time: one of them makes it. */
async function makeOnce(folder: string, list: string): Promise<string | undefined> {
  await mkdir(cache, { recursive: true });
  const signal = AbortSignal.timeout(INSTALL_TIMEOUT_MS);
  const context = { signal, onProgress() {}, clock: systemClock, pace: DEFAULT_PACE };
  return withLock(`${folder}.lock`, context, async () => (existsSync(folder) ? undefined : make(folder, list)));
}

async function make(folder: string, list: string): Promise<string | undefined> {
  const unfinished = `${folder}.unfinished`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', unfinished], { timeout: INSTALL_TIMEOUT_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', list];
    await run(join(unfinished, 'bin', 'python'), pip, { timeout: INSTALL_TIMEOUT_MS });
    await rename(unfinished, folder);
    return undefined;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'python3 is not on this machine' : `no Python environment: ${message.split('\n')[0]}`;
  }
}
