/** Where keys come from beside the environment. Never from a flag: every user of a machine sees those of all. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { CliError, ExitCode } from '../exit-code.js';
import { readText } from './read-text.js';

/** How long a program may take to print the key, in ms: some ask a person. */
const COMMAND_TIMEOUT_MS = 120_000;

/** More is no key. */
const KEY_BYTES_MAX = 64 * 1024;

/** The key in a file, which can be a pipe such as `<(pass show deepseek)`. Rejects with a CliError. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    return cleanKey(await readFile(path, 'utf8'), '--api-key-file');
  } catch (error) {
    if (error instanceof CliError) throw error;
    // The path is not repeated: it may well be the key, by mistake.
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new CliError(`The file of --api-key-file cannot be read (${reason}).`, ExitCode.usage);
  }
}

/** The key that is piped in. Rejects with a CliError. */
export async function readKeyStdin(stdin: NodeJS.ReadStream): Promise<string> {
  if (stdin.isTTY) {
    throw new CliError('Pipe the key into --api-key-stdin; to type it in once, use plumb login.', ExitCode.usage);
  }
  return cleanKey(await readText(stdin, KEY_BYTES_MAX, 'The key on stdin'), '--api-key-stdin');
}

/** The key that a program prints. What it says on stderr is shown. Rejects with a CliError. */
export async function runKeyCommand(command: string | readonly string[]): Promise<string> {
  const [file = '', ...args] = typeof command === 'string' ? [command] : command;
  // It gets no stdin, which may be the prompt, and asks a person on the terminal itself.
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: typeof command === 'string',
    timeout: COMMAND_TIMEOUT_MS,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'it cannot be started'));
    child.once('close', (code, signal) => resolve(String(code ?? signal)));
  });
  const text = await readText(child.stdout, KEY_BYTES_MAX, 'What api_key_command prints');
  const how = await ended;
  if (how === '0') return cleanKey(text, 'api_key_command');
  throw new CliError(`api_key_command failed (${how}): ${file}`, ExitCode.authentication);
}

/** A key without what surrounds it. Throws a CliError for what cannot be one. */
export function cleanKey(text: string, origin: string): string {
  const key = text.trim();
  // It becomes a header, which takes nothing else.
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new CliError(`${origin} must give one key: a word without spaces.`, ExitCode.usage);
}
