/** What the commands for users of an endpoint work with: the process, as they may see it. */
import { type Clock, systemClock } from '@plumb/client';
import type { Redactor } from '../redactor.js';

export interface ClientContext {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: typeof process.stdin;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: Clock;
  /** Learns every key that is read. */
  readonly redactor: Redactor;
}

/** The context of this process. */
export function createClientContext(redactor: Redactor): ClientContext {
  const { env: environment, stdin, stdout, stderr } = process;
  return { environment, stdin, stdout, stderr, clock: systemClock, redactor };
}

/** Says something beside the answer, on stderr. */
export function say({ stderr, redactor }: ClientContext, text: string): void {
  stderr.write(`${redactor.redact(text)}\n`);
}
