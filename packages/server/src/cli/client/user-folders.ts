/** Where a user's own files are, by the XDG base directory specification. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The folder of what the user sets: `plumb` in XDG_CONFIG_HOME, else in `~/.config`. */
export function configFolder(environment: NodeJS.ProcessEnv): string {
  return join(folderOf(environment, 'XDG_CONFIG_HOME', '.config'), 'plumb');
}

/** The folder of what has happened: `plumb` in XDG_STATE_HOME, else in `~/.local/state`. */
export function stateFolder(environment: NodeJS.ProcessEnv): string {
  return join(folderOf(environment, 'XDG_STATE_HOME', join('.local', 'state')), 'plumb');
}

/** The specification says that a relative path counts as not set. */
function folderOf(environment: NodeJS.ProcessEnv, variable: string, inHome: string): string {
  const given = environment[variable];
  return given && isAbsolute(given) ? given : join(environment.HOME || homedir(), inHome);
}
