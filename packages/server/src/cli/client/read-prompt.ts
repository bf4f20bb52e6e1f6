/** What a person asks, put together from files, a pipe and the command line. */
import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { CliError, ExitCode } from '../exit-code.js';
import { decodeText, readText } from './read-text.js';

/** No endpoint takes more in one body, in bytes. */
const PROMPT_BYTES_MAX = 48 * 1024 * 1024;

export interface PromptSources {
  /** The words of the command line. */
  readonly words: readonly string[];
  readonly files: readonly string[];
  readonly stdin: typeof process.stdin;
  /** Whether stdin has been read already, for the key. */
  readonly isStdinTaken: boolean;
}

/**
 * The files, then what is piped in, then the words, with an empty line between them. Empty when there is nothing. Rejects
 * with a CliError for what cannot be read.
 */
export async function readPrompt({ words, files, stdin, isStdinTaken }: PromptSources): Promise<string> {
  const texts = await Promise.all(files.map(readPromptFile));
  const piped = !isStdinTaken && isPiped(stdin) ? await readText(stdin, PROMPT_BYTES_MAX, 'The prompt on stdin') : '';
  return [...texts, piped, words.join(' ')]
    .map((text) => text.replace(/\s+$/, ''))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** The exact text that is piped in; empty when nothing is. Rejects with a CliError. */
export function readPipe(stdin: typeof process.stdin): Promise<string> {
  return isPiped(stdin) ? readText(stdin, PROMPT_BYTES_MAX, 'The text on stdin') : Promise.resolve('');
}

/** Something that ends: a pipe, a file, a socket. A terminal does not, and `/dev/null` and closed ones have nothing. */
function isPiped(stdin: typeof process.stdin): boolean {
  if (stdin.isTTY) return false;
  try {
    const stats = fstatSync(stdin.fd);
    return stats.isFIFO() || stats.isFile() || stats.isSocket();
  } catch {
    return false;
  }
}

async function readPromptFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`The file of --file cannot be read: ${error.message}`, ExitCode.usage, { cause: error });
  });
  if (bytes.length > PROMPT_BYTES_MAX) {
    throw new CliError(`${path} is longer than ${PROMPT_BYTES_MAX} bytes.`, ExitCode.usage);
  }
  return decodeText(bytes, path);
}
