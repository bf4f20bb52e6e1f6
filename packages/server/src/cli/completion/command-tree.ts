/** What there is to complete, read from the commands themselves: verbs, flags, and the values that a flag can have. */
import type { Argument, Command, Option } from 'commander';

export interface CommandNode {
  /** The words after the program's name; empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly verbs: readonly CommandNode[];
  readonly flags: readonly FlagNode[];
  /** The values that its first argument can have; empty when anything goes. */
  readonly argumentChoices: readonly string[];
}

export interface FlagNode {
  /** `--model`, and `-m` where it has a short form. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** Whether the value is a file or a folder. */
  readonly isPath: boolean;
}

/** What a placeholder is called when its value is a path. */
const PATH_PLACEHOLDER = /<(?:file|dir|folder|path)>/;

/** The tree of a command. */
export function readCommandTree(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  const verbs = help
    .visibleCommands(command)
    .filter((verb) => verb.name() !== 'help')
    .map((verb) => readCommandTree(verb, [...path, verb.name()]));
  const usual = verbs.find((verb) => verb.path.at(-1) === defaultVerbOf(command));
  const flags = [...help.visibleOptions(command).map(readFlag), ...(usual?.flags ?? [])];
  return {
    path,
    description: firstSentence(command.summary() || command.description()),
    verbs,
    flags: [...new Map(flags.map((flag) => [flag.names.join(), flag])).values()],
    argumentChoices: choicesOf(command.registeredArguments[0]),
  };
}

/** How the scripts know a command: its words, each after a space. */
export function keyOf({ path }: CommandNode): string {
  return path.map((word) => ` ${word}`).join('');
}

/** Where flags have values, as `key:flag`, in groups of those that have the same ones. */
export function groupValueFlags(root: CommandNode): readonly ValueGroup[] {
  const places = flatten(root).flatMap((node) =>
    node.flags
      .filter(({ takesValue }) => takesValue)
      .flatMap((flag) => flag.names.map((name) => ({ place: `${keyOf(node)}:${name}`, flag }))),
  );
  const groups = Map.groupBy(places, ({ flag }) => `${flag.isPath} ${flag.choices.join(' ')}`);
  return [...groups.values()].flatMap((group) => {
    const flag = group[0]?.flag;
    return flag === undefined ? [] : [{ flag, places: group.map(({ place }) => place) }];
  });
}

export interface ValueGroup {
  readonly flag: FlagNode;
  readonly places: readonly string[];
}

/** A command and everything below it. */
export function flatten(node: CommandNode): CommandNode[] {
  return [node, ...node.verbs.flatMap(flatten)];
}

/** The names of all flags below a command that are followed by a value. */
export function valueFlags(node: CommandNode): string[] {
  const names = flatten(node).flatMap(({ flags }) => flags.filter(({ takesValue }) => takesValue));
  return [...new Set(names.flatMap((flag) => flag.names))].sort();
}

/** Commander does not tell it otherwise. */
function defaultVerbOf(command: Command): string | null {
  return (command as Command & { readonly _defaultCommandName: string | null })._defaultCommandName;
}

function readFlag(option: Option): FlagNode {
  return {
    names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
    description: firstSentence(option.description),
    takesValue: option.required || option.optional,
    choices: choicesOf(option),
    isPath: PATH_PLACEHOLDER.test(option.flags),
  };
}

function choicesOf(of: Option | Argument | undefined): readonly string[] {
  return of?.argChoices ?? [];
}

/** Menus are narrow. */
function firstSentence(text: string): string {
  return text
    .replace(/ \(default.*$/s, '')
    .replace(/[.;:] .*$/s, '')
    .replace(/\.$/, '');
}
