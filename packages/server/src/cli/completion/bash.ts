/** Completion for bash, from 3.2 on, which is what macOS has: no associative arrays. */
import { type CommandNode, flatten, groupValueFlags, keyOf, type ValueGroup, valueFlags } from './command-tree.js';

/** The script that defines it; `source <(plumb completion bash)`. */
export function renderBash(root: CommandNode): string {
  const nodes = flatten(root);
  return `# bash completion for plumb: source <(plumb completion bash)
_plumb() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' word i skip=''
  # Bash cuts --flag=value into three words.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then
      [[ $word == '=' ]] || skip=''
      continue
    fi
    case $word in
      ${pattern(valueFlags(root))}) skip=1; continue ;;
    esac
    case "$path $word" in
      ${pattern(nodes.filter(({ path }) => path.length > 0).map(keyOf))}) path="$path $word" ;;
    esac
  done
  case "$path:$previous" in
${groupValueFlags(root).map(renderValues).join('\n')}
  esac
  case $path in
${nodes.map(renderWords).join('\n')}
  esac
}
complete -o default -F _plumb plumb
`;
}

function renderValues({ flag, places }: ValueGroup): string {
  return `    ${pattern(places)}) ${renderReply(flag.choices, flag.isPath)} return ;;`;
}

/** A path is left to bash itself. */
function renderReply(choices: readonly string[], isPath: boolean): string {
  if (choices.length > 0) return reply(choices);
  return isPath ? 'COMPREPLY=();' : 'COMPREPLY=(); compopt +o default 2>/dev/null;';
}

/** Verbs where there are some, else the choices of the argument; flags once a dash is typed. */
function renderWords(node: CommandNode): string {
  const flags = node.flags.flatMap(({ names }) => names.filter((name) => name.startsWith('--')));
  const words = node.verbs.length > 0 ? node.verbs.map(({ path }) => path.at(-1) ?? '') : node.argumentChoices;
  const others = words.length > 0 ? reply(words) : 'COMPREPLY=();';
  return `    ${quote(keyOf(node))}) if [[ $current == -* ]]; then ${reply(flags)} else ${others} fi ;;`;
}

function reply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current"));`;
}

function pattern(words: readonly string[]): string {
  return words.map(quote).join('|');
}

function quote(text: string): string {
  return `'${text}'`;
}
