/** Ctrl-C for work that waits for an endpoint: the request is given up at once. */
import { CliError, ExitCode } from '../exit-code.js';

/** What Ctrl-C ends a command with. */
export class Interrupted extends CliError {
  constructor() {
    super('Interrupted.', ExitCode.interrupted);
  }
}

/** Runs work whose signal SIGINT aborts, with an `Interrupted` as its reason. */
export async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Interrupted());
  process.on('SIGINT', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
  }
}
