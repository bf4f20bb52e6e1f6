/** The exit codes of `plumb`: documented in docs/guide/command-line.md, relied on by scripts. */

export const ExitCode = {
  ok: 0,
  /** Something failed; the sentence on stderr says what. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** There is no key, or the endpoint does not accept it (401, 403). */
  authentication: 3,
  /** The account has no money left (402). */
  balance: 4,
  /** The endpoint refused for its limits until the deadline (429). */
  rateLimited: 5,
  /** The endpoint failed, broke off, was too slow or cannot be reached. */
  server: 6,
  /** An answer came, but not a whole one: it was refused or cut, or does not fit what was asked for. */
  incomplete: 7,
  /** Stopped before the end; the same command goes on from there. */
  resumable: 75,
  /** Ctrl-C, and nothing that could go on; for a server, a second one that cut requests that were still running. */
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
