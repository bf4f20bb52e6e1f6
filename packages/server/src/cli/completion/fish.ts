/** Completion for fish, with descriptions. */
import { type CommandNode, type FlagNode, flatten, keyOf, valueFlags } from './command-tree.js';

/** The script that defines it; `plumb completion fish | source`. */
export function renderFish(root: CommandNode): string {
  const nodes = flatten(root);
  const verbs = nodes.filter(({ path }) => path.length > 0).map((node) => quote(keyOf(node)));
  return `# fish completion for plumb: plumb completion fish | source
function __plumb_path
    set -l path ''
    set -l skip ''
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip ''
        else if contains -- $word ${valueFlags(root).join(' ')}
            set skip 1
        else if contains -- "$path $word" ${verbs.join(' ')}
            set path "$path $word"
        end
    end
    echo -n "$path"
end

function __plumb_at
    test (__plumb_path | string collect --allow-empty) = "$argv[1]"
end

complete -c plumb -f
${nodes.flatMap(renderNode).join('\n')}
`;
}

function renderNode(node: CommandNode): string[] {
  const at = `complete -c plumb -n "__plumb_at '${keyOf(node)}'"`;
  const verbs = node.verbs.map(({ path, description }) => `${at} -a ${path.at(-1)} -d ${quote(description)}`);
  const choices = node.argumentChoices.map((choice) => `${at} -a ${choice}`);
  // Where a word of any kind can stand, it may be a file.
  const files = node.verbs.length + node.argumentChoices.length === 0 ? [`${at} -F`] : [];
  return [...verbs, ...choices, ...files, ...node.flags.map((flag) => `${at} ${renderFlag(flag)}`)];
}

function renderFlag({ names, description, takesValue, choices, isPath }: FlagNode): string {
  const forms = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = takesValue
    ? [isPath ? '-r -F' : '-x', ...(choices.length > 0 ? [`-a ${quote(choices.join(' '))}`] : [])]
    : [];
  return [...forms, ...value, `-d ${quote(description)}`].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
