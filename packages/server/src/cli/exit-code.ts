/** The exit codes of `plumb`: documented in docs/guide/command-line.md, relied on by scripts. */

export const ExitCode = {
  ok: 0,
  /** Something failed; the sentence on stderr says what. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** A second Ctrl-C cut requests that were still running. */
  interrupted: 130,
} as const;

/** An error that ends the command with a code of its own. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}
