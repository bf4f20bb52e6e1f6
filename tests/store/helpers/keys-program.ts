/** `plumb keys …` alone, without the other commands. */
import { Command } from 'commander';
import { keysCommand } from '#server/cli/keys.js';

try {
  await new Command('plumb').addCommand(keysCommand()).parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
