/** Builds llama-server from the llama.cpp source inside node-llama-cpp, so that both engines are the same version. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { hashFile } from './machine.js';
import { repositoryPath } from './repository.js';

const SOURCE_BUNDLE = repositoryPath('node_modules/node-llama-cpp/llama/gitRelease.bundle');
const CACHE_FOLDER = repositoryPath('.cache/llama-server');

/** Everything for this machine's processor, nothing that the server does not need, and one file without libraries. */
const CMAKE_SETTINGS = [
  ...['CMAKE_BUILD_TYPE=Release', 'GGML_NATIVE=ON', 'BUILD_SHARED_LIBS=OFF'],
  ...['LLAMA_BUILD_TESTS=OFF', 'LLAMA_BUILD_EXAMPLES=OFF', 'LLAMA_BUILD_UI=OFF', 'LLAMA_USE_PREBUILT_UI=OFF'],
  ...['LLAMA_OPENSSL=OFF', 'LLAMA_CURL=OFF'],
];

/**
 * The path of a llama-server: the one that the environment variable LLAMA_SERVER names, else one built from this
 * version's source, which takes minutes the first time and needs git, cmake and a C++ compiler. Throws when the named
 * one is absent or the build fails.
 */
export async function findLlamaServer(): Promise<string> {
  const given = process.env.LLAMA_SERVER;
  if (given !== undefined && given !== '') {
    await access(given);
    return given;
  }
  const key = (await hashFile(SOURCE_BUNDLE)).slice(0, 16);
  const binaryPath = join(CACHE_FOLDER, `llama-server-${key}`);
  if (await exists(binaryPath)) return binaryPath;
  process.stderr.write(`Building llama-server into ${CACHE_FOLDER}: a few minutes, once.\n`);
  await build(binaryPath);
  return binaryPath;
}

async function build(binaryPath: string): Promise<void> {
  await mkdir(CACHE_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(CACHE_FOLDER, 'build-'));
  try {
    const source = join(folder, 'source');
    const output = join(folder, 'output');
    await run('git', ['clone', '--quiet', SOURCE_BUNDLE, source]);
    await run('cmake', ['-S', source, '-B', output, ...CMAKE_SETTINGS.map((setting) => `-D${setting}`)]);
    await run('cmake', ['--build', output, '--target', 'llama-server', '--parallel', String(availableParallelism())]);
    await rename(join(output, 'bin', 'llama-server'), binaryPath);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(command: string, words: readonly string[]): Promise<void> {
  // Its progress belongs on standard error: standard output is for the table.
  const child = spawn(command, words, { stdio: ['ignore', process.stderr, process.stderr] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${signal ?? `code ${code}`}.`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
