// Prints the path of a llama-server: the one that LLAMA_SERVER names, else one built from the llama.cpp source inside
// node-llama-cpp, so that it is the same version as the embedded engine. Building takes some ten minutes, once for each
// version and processor, and needs git, cmake and a C++ compiler. With --find it builds nothing, and fails when there is
// none. Benchmarks and tests start it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { availableParallelism, cpus, homedir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const SOURCE_BUNDLE = join(root, 'node_modules/node-llama-cpp/llama/gitRelease.bundle');
const CACHE_FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'plumb', 'llama-server');

/** Everything for this machine's processor, nothing that the server does not need, and one file without libraries. */
const SETTINGS = [
  ...['CMAKE_BUILD_TYPE=Release', 'GGML_NATIVE=ON', 'BUILD_SHARED_LIBS=OFF'],
  ...['LLAMA_BUILD_TESTS=OFF', 'LLAMA_BUILD_EXAMPLES=OFF', 'LLAMA_BUILD_UI=OFF', 'LLAMA_USE_PREBUILT_UI=OFF'],
  ...['LLAMA_OPENSSL=OFF', 'LLAMA_CURL=OFF'],
];

try {
  console.log(await findLlamaServer());
} catch (error) {
  console.error(`plumb: ${error.message}`);
  process.exitCode = 1;
}

async function findLlamaServer() {
  const given = process.env.LLAMA_SERVER;
  if (given) {
    if (!existsSync(given)) throw new Error(`LLAMA_SERVER names ${given}, which does not exist.`);
    return given;
  }
  const onlyFind = process.argv.includes('--find');
  // The source is part of a dependency.
  if (!onlyFind) await prepare([]);
  const binary = join(CACHE_FOLDER, `llama-server-${await buildKey()}`);
  if (existsSync(binary)) return binary;
  if (onlyFind) throw new Error('There is no llama-server: node scripts/llama-server.mjs builds one.');
  await build(binary);
  return binary;
}

/** The same source, settings and processor make the same binary. */
async function buildKey() {
  const hash = createHash('sha256').update(`${SETTINGS.join()} ${cpus()[0]?.model}`);
  for await (const piece of createReadStream(SOURCE_BUNDLE)) hash.update(piece);
  return hash.digest('hex').slice(0, 16);
}

async function build(binary) {
  console.error(`plumb: building llama-server into ${CACHE_FOLDER}, some ten minutes, once …`);
  await mkdir(CACHE_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(CACHE_FOLDER, 'build-'));
  try {
    const [source, output] = [join(folder, 'source'), join(folder, 'output')];
    await run('git', ['clone', '--quiet', SOURCE_BUNDLE, source]);
    await run('cmake', ['-S', source, '-B', output, ...SETTINGS.map((setting) => `-D${setting}`)]);
    const parallel = String(availableParallelism());
    await run('cmake', ['--build', output, '--target', 'llama-server', '--parallel', parallel]);
    await rename(join(output, 'bin', 'llama-server'), binary);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Its progress belongs on standard error: standard output is for the path. */
async function run(command, words) {
  const child = spawn(command, words, { stdio: ['ignore', 2, 2] });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${signal ?? `code ${code}`}.`);
}
