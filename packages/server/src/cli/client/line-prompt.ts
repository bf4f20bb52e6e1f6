/** Asks for lines on a terminal, with editing and the history of this conversation; nothing of it is kept on disk. */
import { createInterface, type Interface } from 'node:readline';
import { colorsFor } from '../colors.js';
import type { ClientContext } from './context.js';

/** Stands before and after a question of several lines. */
const BLOCK = '"""';

const MORE = '… ';

export class LinePrompt {
  readonly #context: ClientContext;
  readonly #lines: Interface;
  readonly #sign: string;
  /** Lines that were typed or pasted before they were asked for. */
  readonly #waiting: string[] = [];
  #takeLine: ((line: string | undefined) => void) | undefined;
  #isClosed = false;

  constructor(context: ClientContext) {
    const { stdin: input, stdout: output, stderr, environment } = context;
    this.#context = context;
    this.#sign = `${colorsFor(output, environment).bold('>')} `;
    this.#lines = createInterface({ input, output, terminal: true });
    this.#lines.on('line', (line) => this.#arrive(line));
    this.#lines.on('close', () => this.#end());
    this.#lines.on('SIGINT', () => {
      stderr.write('\n(Ctrl-D ends.)\n');
      // Gives up what was typed.
      this.#lines.write(null, { ctrl: true, name: 'e' });
      this.#lines.write(null, { ctrl: true, name: 'u' });
      this.#lines.prompt();
    });
  }

  /** The next line, or the lines of a block as one; undefined when there will be none. */
  async ask(): Promise<string | undefined> {
    const line = await this.#read(this.#sign);
    if (line === undefined || !line.trimStart().startsWith(BLOCK)) return line;
    const lines = [line.trimStart().slice(BLOCK.length)];
    while (!lines.at(-1)?.trimEnd().endsWith(BLOCK)) {
      const next = await this.#read(MORE);
      if (next === undefined) return undefined;
      lines.push(next);
    }
    return lines.join('\n').trimEnd().slice(0, -BLOCK.length);
  }

  /**
   * Does work during which the terminal is a plain one: Ctrl-C is a signal, and what is typed waits in the terminal until
   * it is asked for.
   */
  async whileAway<Result>(work: () => Promise<Result>): Promise<Result> {
    const { stdin } = this.#context;
    this.#lines.pause();
    stdin.setRawMode(false);
    try {
      return await work();
    } finally {
      if (!this.#isClosed) {
        stdin.setRawMode(true);
        this.#lines.resume();
      }
    }
  }

  close(): void {
    this.#lines.close();
  }

  #read(sign: string): Promise<string | undefined> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    if (this.#isClosed) return Promise.resolve(undefined);
    this.#lines.setPrompt(sign);
    this.#lines.prompt();
    return new Promise((resolve) => {
      this.#takeLine = resolve;
    });
  }

  #arrive(line: string): void {
    const take = this.#takeLine;
    this.#takeLine = undefined;
    if (take === undefined) this.#waiting.push(line);
    else take(line);
  }

  #end(): void {
    this.#isClosed = true;
    this.#takeLine?.(undefined);
    // The shell goes on where the line was.
    this.#context.stdout.write('\n');
  }
}
