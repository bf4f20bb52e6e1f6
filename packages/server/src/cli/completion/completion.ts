/** `plumb completion`: prints what a shell needs to complete commands, flags and their values. */
import { Argument, Command } from 'commander';
import { withExample } from '../help.js';
import { renderBash } from './bash.js';
import { type CommandNode, readCommandTree } from './command-tree.js';
import { renderFish } from './fish.js';
import { renderZsh } from './zsh.js';

const RENDERERS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const satisfies Record<
  string,
  (root: CommandNode) => string
>;

type Shell = keyof typeof RENDERERS;

/** The command; the program whose commands it describes is its parent. */
export function completionCommand(): Command {
  const completion = new Command('completion')
    .summary('Print the completion for a shell.')
    .description('Print the completion for a shell, made from the commands of this version.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(RENDERERS)));
  withExample(
    completion,
    'source <(plumb completion bash)       # in ~/.bashrc',
    'source <(plumb completion zsh)        # in ~/.zshrc, after compinit',
    'plumb completion fish | source        # in ~/.config/fish/config.fish',
  );
  return completion.action((shell: Shell) => {
    process.stdout.write(RENDERERS[shell](readCommandTree(completion.parent ?? completion)));
  });
}
