/** `plumb reload`: lets a running server read its configuration again, as SIGHUP does. */
import { Command } from 'commander';
import { askServer, type RemoteFlags, withRemoteFlags } from './admin-client.js';
import { print, printJson } from './print.js';

interface Reloaded {
  readonly changed: readonly string[];
  readonly needs_restart: readonly string[];
}

export function reloadCommand(): Command {
  const reload = new Command('reload').description('Let a running server read its configuration again.');
  return withRemoteFlags(reload, 'plumb reload').action((flags: RemoteFlags) => reloadServer(flags));
}

async function reloadServer(flags: RemoteFlags): Promise<void> {
  const report = (await askServer(flags, 'POST', '/reload')) as Reloaded;
  if (flags.json) return printJson(report);
  print(report.changed.length === 0 ? 'Nothing has changed.' : `Changed: ${report.changed.join(', ')}.`);
  if (report.needs_restart.length > 0) print(`A restart is needed for ${report.needs_restart.join(', ')}.`);
}
