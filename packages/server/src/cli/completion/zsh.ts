/** Completion for zsh, with descriptions. */
import {
  type CommandNode,
  type FlagNode,
  flatten,
  groupValueFlags,
  keyOf,
  type ValueGroup,
  valueFlags,
} from './command-tree.js';

/** The script that defines it; `source <(plumb completion zsh)`, or a file `_plumb` in a folder of `fpath`. */
export function renderZsh(root: CommandNode): string {
  const nodes = flatten(root);
  const verbs = nodes.filter(({ path }) => path.length > 0);
  return `#compdef plumb
# zsh completion for plumb: source <(plumb completion zsh), or save it as _plumb in a folder of fpath
_plumb() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} path_='' word skip=''
  local -a found flags
  for word in \${words[2,CURRENT-1]}; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      (${valueFlags(root).join('|')}) skip=1; continue ;;
    esac
    case "$path_ $word" in
      (${verbs.map((node) => quote(keyOf(node))).join('|')}) path_="$path_ $word" ;;
    esac
  done
  case "$path_:$previous" in
${groupValueFlags(root).map(renderValues).join('\n')}
  esac
  case $path_ in
${nodes.map(renderWords).join('\n')}
  esac
  if [[ $current == -* ]]; then
    _describe -o flag flags
  elif (( $#found )); then
    _describe word found
  else
    _files
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
if [[ $funcstack[1] == _plumb ]]; then _plumb "$@"; else compdef _plumb plumb; fi
`;
}

function renderValues({ flag, places }: ValueGroup): string {
  return `    (${places.map(quote).join('|')}) ${renderReply(flag.choices, flag.isPath)}; return ;;`;
}

function renderReply(choices: readonly string[], isPath: boolean): string {
  if (choices.length > 0) return `compadd -- ${choices.join(' ')}`;
  return isPath ? '_files' : '_message value';
}

function renderWords(node: CommandNode): string {
  const words =
    node.verbs.length > 0
      ? node.verbs.map(({ path, description }) => item(path.at(-1) ?? '', description))
      : node.argumentChoices.map(quote);
  return `    (${quote(keyOf(node))}) flags=(${node.flags.flatMap(renderFlag).join(' ')}); found=(${words.join(' ')}) ;;`;
}

function renderFlag({ names, description }: FlagNode): string[] {
  return names.map((name) => item(name, description));
}

/** A word and what it means, as `_describe` takes it. */
function item(word: string, description: string): string {
  return quote(`${word.replaceAll(':', '\\:')}:${description}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
