/** On what, and with which versions, the figures were taken. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { repositoryPath } from './repository.js';

/** The machine and everything that takes part. */
export interface Machine {
  processor: string;
  processors: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  nodeLlamaCpp: string;
  /** The tag of llama.cpp that node-llama-cpp was built from and ships the source of. */
  llamaCpp: string;
  llamaServer?: string;
  /** The commit of this repository; undefined outside a clone. A `+` says that files were changed since. */
  commit?: string;
  model: { name: string; bytes: number; sha256: string };
}

/** Looks at the machine. `llamaServerPath` is given when it takes part. */
export async function describeMachine(modelPath: string, llamaServerPath: string | undefined): Promise<Machine> {
  const commit = await readCommit();
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    nodeLlamaCpp: (await readJson<{ version: string }>('node_modules/node-llama-cpp/package.json')).version,
    llamaCpp: (await readJson<{ tag: string }>('node_modules/node-llama-cpp/llama/llama.cpp.info.json')).tag,
    ...(llamaServerPath === undefined ? {} : { llamaServer: await readVersion(llamaServerPath) }),
    ...(commit === undefined ? {} : { commit }),
    model: { name: basename(modelPath), bytes: (await stat(modelPath)).size, sha256: await hashFile(modelPath) },
  };
}

/** The SHA-256 of a file, in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

async function readJson<Shape>(relative: string): Promise<Shape> {
  return JSON.parse(await readFile(repositoryPath(relative), 'utf8')) as Shape;
}

async function readVersion(llamaServerPath: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(llamaServerPath, ['--version']);
  return /version: (.*)/.exec(stdout + stderr)?.[1] ?? 'unknown';
}

async function readCommit(): Promise<string | undefined> {
  const git = (...words: string[]) => promisify(execFile)('git', ['-C', repositoryPath(''), ...words]);
  try {
    const { stdout: commit } = await git('rev-parse', 'HEAD');
    const { stdout: changes } = await git('status', '--porcelain', '--untracked-files=no');
    return commit.trim() + (changes === '' ? '' : '+');
  } catch {
    // No git, no clone or no commit yet: the figures stand without it.
    return undefined;
  }
}
