/** Where the repository is, seen from the compiled benchmark. */
import { fileURLToPath } from 'node:url';

/** The absolute path of a file of the repository. */
export function repositoryPath(relative: string): string {
  return fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
}
