/** The help of every command: an example, lines that fit, and completion scripts that real shells take. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { createProgram } from '#server/cli/program.js';
import { PROGRAM, User } from './support/user.js';

const run = promisify(execFile);
const WIDTH = 80;

let user: User;
before(async () => {
  user = await User.create();
});
after(() => user.remove());

function below(command: Command): Command[] {
  return [command, ...command.commands.flatMap(below)];
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => WIDTH }).outputHelp();
  return help;
}

describe('the help of', async () => {
  for (const command of below(await createProgram())) {
    const name = nameOf(command);
    test(`${name} has an example of it, and reads well on ${WIDTH} columns`, () => {
      const help = helpOf(command);
      const [, examples = ''] = /\nExamples?:\n((?: {2}.+\n?)+)/.exec(help) ?? [];
      // A verb that is meant where none is given can do without its name.
      assert.ok(
        [name, nameOf(command.parent ?? command)].some((called) => examples.includes(`  ${called}`)),
        help,
      );
      const wide = help.split('\n').filter((line) => line.length > WIDTH);
      assert.deepEqual(wide, []);
      assert.ok(command.description() !== '' && !/sk-[A-Za-z0-9]{8}/.test(help));
    });
  }
});

test('plumb alone, and --help, show the commands in their groups', async () => {
  const { code, stdout } = await user.run(['--help']);
  assert.equal(code, 0);
  const titles = stdout.match(/^\S.*:$/gm);
  const groups = ['Serving:', 'Using an endpoint:', 'Rehearsal:', 'Administration:', 'Other:'];
  assert.deepEqual(titles, ['Options:', ...groups, 'Examples:']);
  assert.equal((await user.run([])).code, 2);
});

test('a command that is not there is refused, with the nearest one', async () => {
  const { code, stderr } = await user.run(['chta']);
  assert.equal(code, 2);
  assert.match(stderr, /unknown command 'chta'[\s\S]*Did you mean chat\?/);
});

test('colours follow NO_COLOR and FORCE_COLOR, and no pipe gets them by itself', async () => {
  const fail = (environment: Record<string, string>) => user.run(['logout'], { environment });
  assert.ok(!(await fail({ NO_COLOR: '' })).stderr.includes('\u001b['));
  assert.ok((await fail({ NO_COLOR: '', FORCE_COLOR: '1' })).stderr.includes('\u001b['));
  assert.ok(!(await fail({ NO_COLOR: '1', FORCE_COLOR: '1' })).stderr.includes('\u001b['));
});

/** What is completed after each beginning; the last word is the one that is being typed. */
const COMPLETED: readonly [words: readonly string[], found: readonly string[]][] = [
  [['c'], ['chat', 'check', 'complete', 'completion', 'credit']],
  [
    ['keys', ''],
    ['create', 'list', 'revoke', 'test', 'update'],
  ],
  [['keys', '--account', 'list', 're'], ['revoke']],
  [['chat', '--th'], ['--thinking']],
  [['models', '--js'], ['--json']],
  [['usage', '--by', 'day', '--form'], ['--format']],
  [
    ['usage', '--format', 'j'],
    ['json', 'jsonl'],
  ],
  [
    ['usage', 'export', '--format', ''],
    ['csv', 'jsonl'],
  ],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
];

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await user.run(['completion', shell]);
  assert.deepEqual([code, stderr], [0, '']);
  const path = join(user.home, `completion.${shell}`);
  await writeFile(path, stdout);
  return path;
}

/** Skips a test by name where a shell is missing. */
async function hasShell(context: TestContext, shell: string): Promise<boolean> {
  const found = await run(shell, ['-c', 'exit 0']).then(
    () => true,
    () => false,
  );
  if (!found) context.skip(`${shell} is not installed`);
  return found;
}

const environment = () => ({ env: user.environment(), cwd: user.home });
const quote = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');
const sorted = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort();

describe('plumb completion', () => {
  test('completes in bash', async (context) => {
    if (!(await hasShell(context, 'bash'))) return;
    const script = await scriptFor('bash');
    const complete = async (words: readonly string[]) => {
      const line = `source ${script}; COMP_WORDS=(plumb ${quote(words)}); COMP_CWORD=${words.length}; _plumb`;
      const { stdout, stderr } = await run('bash', ['-c', `${line}; printf '%s\\n' "\${COMPREPLY[@]}"`], environment());
      assert.equal(stderr, '');
      return sorted(stdout);
    };
    for (const [words, found] of COMPLETED) assert.deepEqual(await complete(words), found, words.join(' '));
    assert.deepEqual(await complete(['usage', '--format', '=', 'js']), ['json', 'jsonl']);
    assert.deepEqual(await complete(['chat', '--file', '']), []);
  });

  test('completes in zsh', async (context) => {
    if (!(await hasShell(context, 'zsh'))) return;
    const script = await scriptFor('zsh');
    // Without a terminal there is no completion system, so the two functions that it would offer words with say them.
    const system = `
      compdef() { }
      matching() { local w; for w in "$@"; do [[ $w == $words[CURRENT]* ]] && print -r -- $w; done; true }
      _describe() { [[ $1 == -o ]] && shift; local -a all=(\${(P)2}); matching \${all%%:*} }
      compadd() { shift; matching "$@" }
      _files() { } ; _message() { }`;
    for (const [words, found] of COMPLETED) {
      const line = `${system}\nsource ${script}\nwords=(plumb ${quote(words)}) CURRENT=${words.length + 1}; _plumb`;
      const { stdout, stderr } = await run('zsh', ['-f', '-c', line], environment());
      assert.equal(stderr, '');
      assert.deepEqual(sorted(stdout), found, words.join(' '));
    }
  });

  test('completes in fish', async (context) => {
    if (!(await hasShell(context, 'fish'))) return;
    const script = await scriptFor('fish');
    for (const [words, found] of COMPLETED) {
      const typed = ['plumb', ...words].join(' ');
      const line = `source ${script}; complete -C '${typed}'`;
      const { stdout, stderr } = await run('fish', ['--no-config', '-c', line], environment());
      assert.equal(stderr, '');
      assert.deepEqual(sorted(stdout.replace(/\t.*/g, '')), found, words.join(' '));
    }
  });

  test('refuses a shell that it does not know', async () => {
    const { code, stderr } = await user.run(['completion', 'tcsh']);
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are bash, zsh, fish/);
  });

  test('is loaded by bash from a process, as its help says', async (context) => {
    if (!(await hasShell(context, 'bash'))) return;
    const line = `source <("${process.execPath}" "${PROGRAM}" completion bash); complete -p plumb`;
    assert.equal((await run('bash', ['-c', line], environment())).stdout, 'complete -o default -F _plumb plumb\n');
  });
});
