/** On what the figures of a benchmark were taken. */
import { execFile } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { repositoryPath } from './repository.js';

/** The machine, and the state of this repository. */
export interface Host {
  processor: string;
  processors: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  /** The commit of this repository; undefined outside a clone. A `+` says that files were changed since. */
  commit?: string;
}

/** Looks at the machine. */
export async function describeHost(): Promise<Host> {
  const commit = await readCommit();
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    ...(commit === undefined ? {} : { commit }),
  };
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
