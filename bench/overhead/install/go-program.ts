/** Programs of peers that are written in Go. */
import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached, explainFailure, INSTALL_TIMEOUT_MS } from './cache.js';

/** A program of a Go module. */
export interface GoProgram {
  name: string;
  /** The package of the program, as `go install` takes it. */
  path: string;
  /** An exact version. */
  version: string;
}

/** The binary with what it says of its version: the one that was named, or one that is built from the module. */
export async function findGoProgram(
  { name, path, version }: GoProgram,
  named: string | undefined,
): Promise<{ binary: string; version: string }> {
  const binary =
    named ?? join(await cached(name, `${path}@${version}`, (folder) => build(folder, `${path}@${version}`)), name);
  const { stdout } = await promisify(execFile)('go', ['version', '-m', binary]).catch(() => ({ stdout: '' }));
  const [, go] = /: (go\S+)/.exec(stdout) ?? [];
  const [, built] = /^\tmod\t\S+\t(\S+)/m.exec(stdout) ?? [];
  return {
    binary,
    version: [built === '(devel)' || built === undefined ? 'own build' : built, go].filter(Boolean).join(', '),
  };
}

async function build(folder: string, wanted: string): Promise<void> {
  const target = join(folder, 'build');
  await mkdir(target);
  const environment = { ...process.env, GOBIN: target };
  const options = { env: environment, timeout: INSTALL_TIMEOUT_MS };
  await promisify(execFile)('go', ['install', wanted], options).catch((error: unknown) => {
    throw new Error(`go install ${wanted} failed: ${explainFailure(error)}`);
  });
  const name = wanted.split('@')[0]!.split('/').at(-1)!;
  await rename(join(target, name), join(folder, name));
}
