/** Finds the llama-server that Plumb is compared with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryPath } from '../support/repository.js';

/** Its path; it is built the first time, which takes minutes. Throws when it cannot be had. */
export async function findLlamaServer(): Promise<string> {
  const finding = promisify(execFile)(process.execPath, [repositoryPath('scripts/llama-server.mjs')]);
  finding.child.stderr?.pipe(process.stderr);
  return (await finding).stdout.trim();
}
