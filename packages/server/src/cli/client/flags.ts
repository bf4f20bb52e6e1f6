/** The flags that every command for users of an endpoint has. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError, ExitCode } from '../exit-code.js';

export interface EndpointFlags {
  readonly baseUrl?: string;
  readonly apiKeyFile?: string;
  readonly apiKeyStdin?: true;
  readonly model?: string;
}

/** Gives a command the flags that name an endpoint and its key. */
export function withEndpointFlags(command: Command): Command {
  return command
    .option('--base-url <url>', 'where the API is (default: from the environment, else http://127.0.0.1:8080/v1)')
    .addOption(new Option('--api-key-file <file>', 'read the key from a file').conflicts('apiKeyStdin'))
    .option('--api-key-stdin', 'read the key from stdin')
    .addOption(new Option('--api-key <key>').hideHelp().argParser(refuseKey));
}

/** Gives a command the flag that names a model. */
export function withModelFlag(command: Command): Command {
  return command.option('-m, --model <id>', 'the model (default: the first that the endpoint lists)');
}

/** A decimal number within bounds, for commander's `argParser`. Throws an InvalidArgumentError. */
export function readNumber(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a number from ${lowest} to ${highest}.`);
  };
}

/** A whole number from 1 on, for commander's `argParser`. Throws an InvalidArgumentError. */
export function readCount(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 on.');
}

/** Collects a flag that can be given several times, for commander's `argParser`. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** Whoever tries it is told why there is none. */
function refuseKey(): never {
  throw new CliError(
    'A key on the command line is seen by every user of the machine and kept in the history of the shell. Set ' +
      'PLUMB_API_KEY, give --api-key-file, or keep it: plumb login. Take this one out of use.',
    ExitCode.usage,
  );
}
