// Makes a clone ready to run: installs dependencies when they are missing or stale and compiles what has changed.
// Runs on any Node >= 20, before the pinned one is there; what is up to date costs a few milliseconds.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const MODULES = join(root, 'node_modules');
const INSTALLED_STAMP = join(MODULES, '.plumb-installed');

/** Installs and builds what is stale. `projects` are folders with a tsconfig.json. Throws a sentence when a step fails. */
export async function prepare(projects) {
  await install();
  await build(projects);
}

/** The pinned Node once it is installed, the one that runs this before. */
export function nodeBinary() {
  const pinned = join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(pinned) ? pinned : process.execPath;
}

/**
 * What a server gives to V8: more room for young objects than by default, and sooner. Those of running requests are taken
 * for old ones otherwise, and to get their memory back costs a quarter more processor time.
 */
export const SERVER_FLAGS = ['--max-semi-space-size=32', '--semi-space-growth-factor=8'];

/** Runs a program on the terminal of this one and resolves with its exit code; signals sent to this process reach it. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const forwarded of FORWARDED_SIGNALS) process.off(forwarded, forward);
      resolve(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 0));
    });
  });
}

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

async function install() {
  const wanted = digest(manifests().map((path) => readFileSync(path)));
  if (readText(INSTALLED_STAMP) === wanted) return;
  console.error('plumb: installing dependencies …');
  const [command, args] = npm(['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  const code = await run(command, args, { stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new Error(`Installing the dependencies failed (npm exit code ${code}); its message is above.`);
  removeForeignBinaries();
  writeFileSync(INSTALLED_STAMP, wanted);
}

/** npm keeps the engine's binaries of other processors that this one could emulate: 30 MB that nobody loads. */
function removeForeignBinaries() {
  const folder = join(MODULES, '@node-llama-cpp');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const [, processor] = name.split('-');
    if (processor !== process.arch) rmSync(join(folder, name), { recursive: true });
  }
}

async function build(projects) {
  const stale = projects.filter((project) => readText(builtStamp(project)) !== sourceDigest());
  if (stale.length === 0) return;
  console.error('plumb: compiling …');
  const compiler = join(MODULES, 'typescript', 'bin', 'tsc');
  const code = await run(nodeBinary(), [compiler, '--build', ...stale], { stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new Error('The sources do not compile; the messages are above.');
  for (const project of stale) writeFileSync(builtStamp(project), sourceDigest());
}

function builtStamp(project) {
  return join(root, project, 'dist', '.plumb-built');
}

/** A digest over names, sizes and times of all sources: cheap enough for every start. */
function sourceDigest() {
  const lines = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== 'dist' && entry.name !== 'node_modules') walk(path);
      else if (/\.tsx?$|^tsconfig.*\.json$/.test(entry.name)) lines.push(sourceLine(path));
    }
  };
  for (const folder of ['packages', 'tests', 'bench', 'examples']) walk(join(root, folder));
  return digest([...lines.sort(), readFileSync(join(root, 'tsconfig.base.json'))]);
}

function sourceLine(path) {
  const { size, mtimeMs } = statSync(path);
  return `${relative(root, path)} ${size} ${mtimeMs}\n`;
}

function manifests() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'package.json'));
  return [join(root, 'package.json'), join(root, 'package-lock.json'), ...packages.filter(existsSync).sort()];
}

function npm(args) {
  const cli = process.env.npm_execpath;
  return cli === undefined ? ['npm', args] : [process.execPath, [cli, ...args]];
}

function digest(parts) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
