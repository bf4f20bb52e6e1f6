/** The command that goes on with a batch, as it can be pasted into a shell. */

/** Flags that were for once, and whether they take a value. */
const ONCE: ReadonlyMap<string, 'never' | 'maybe'> = new Map([
  ['--dry-run', 'never'],
  ['--retry-errors', 'maybe'],
]);

/** @param args What was typed behind the name of the program. */
export function resumeCommand(args: readonly string[], environment: NodeJS.ProcessEnv): string {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    const [name = ''] = arg.split('=');
    const value = ONCE.get(name);
    if (value === undefined) kept.push(arg);
    else if (value === 'maybe' && !arg.includes('=') && /^4\d\d/.test(args[at + 1] ?? '')) at += 1;
  }
  // Lines that `retry` has not come to have no result any more, and `run` asks those.
  if (kept[0] === 'batch' && kept[1] === 'retry') kept[1] = 'run';
  const program = environment.npm_lifecycle_event === undefined ? 'plumb' : 'npm run plumb --';
  return [program, ...kept.map(quote)].join(' ');
}

function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
