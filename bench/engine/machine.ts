/** On what, and with which versions, the figures were taken. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { describeHost, type Host } from '../support/machine.js';
import { repositoryPath } from '../support/repository.js';

/** The machine and everything that takes part. */
export interface Machine extends Host {
  nodeLlamaCpp: string;
  /** The tag of llama.cpp that node-llama-cpp was built from and ships the source of. */
  llamaCpp: string;
  llamaServer?: string;
  model: { name: string; bytes: number; sha256: string };
}

/** Looks at the machine. `llamaServerPath` is given when it takes part. */
export async function describeMachine(modelPath: string, llamaServerPath: string | undefined): Promise<Machine> {
  return {
    ...(await describeHost()),
    nodeLlamaCpp: (await readJson<{ version: string }>('node_modules/node-llama-cpp/package.json')).version,
    llamaCpp: (await readJson<{ tag: string }>('node_modules/node-llama-cpp/llama/llama.cpp.info.json')).tag,
    ...(llamaServerPath === undefined ? {} : { llamaServer: await readVersion(llamaServerPath) }),
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
