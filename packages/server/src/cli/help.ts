/** What every help text ends with. */
import type { Command } from 'commander';

/** Gives a command its examples. Those of a command with verbs are not repeated at the verbs. */
export function withExample(command: Command, ...examples: readonly [string, ...string[]]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return command.addHelpText('after', `\n${title}:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}
