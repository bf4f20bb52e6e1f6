/** A pseudo terminal that a command runs on, made with Python's `pty`, because Node has none. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify, stripVTControlCharacters } from 'node:util';
import { until } from '../../support/until.js';
import { exitOf, PROGRAM, type User } from './user.js';

/** Passes bytes between its pipes and the terminal, and ends as the command ends. */
const BRIDGE = `
import os, pty, select, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
readers = [master, 0]
while True:
    ready, _, _ = select.select(readers, [], [])
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed:
            os.write(master, typed)
        else:
            readers.remove(0)
    if master in ready:
        try:
            shown = os.read(master, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;

/** Why there is no terminal; undefined when there is one. */
export async function missingTerminal(): Promise<string | undefined> {
  try {
    await promisify(execFile)('python3', ['-c', 'import pty']);
    return undefined;
  } catch {
    return 'python3 with pty is not installed';
  }
}

export class Terminal {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #bytes = '';

  constructor(user: User, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const command = [process.execPath, PROGRAM, ...args];
    this.#child = spawn('python3', ['-c', BRIDGE, ...command], {
      env: { ...user.environment(environment), TERM: 'xterm' },
      cwd: user.home,
    });
    this.#exit = exitOf(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#bytes += text;
      user.seen += text;
    });
  }

  /** What has been shown so far, escape sequences included. */
  get bytes(): string {
    return this.#bytes;
  }

  /** The same without them. */
  get text(): string {
    return stripVTControlCharacters(this.#bytes).replaceAll('\r', '');
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits until a text is shown that was not there when the last wait ended. */
  async sees(text: string): Promise<void> {
    await until(`the terminal shows ${JSON.stringify(text)}`, () => this.text.slice(this.#read).includes(text)).catch(
      (error: Error) => {
        throw new Error(`${error.message} It shows:\n${this.text}`);
      },
    );
    this.#read = this.text.indexOf(text, this.#read) + text.length;
  }
  #read = 0;

  /** Resolves with the exit code. */
  ended(): Promise<number | null> {
    return this.#exit;
  }
}
