/** Asks for a secret on a terminal that shows nothing of it. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { ClientContext } from './context.js';
import { Interrupted } from './interrupt.js';

/** What was typed. Rejects as Ctrl-C does when it is pressed, or when the input ends. */
export function askHidden(question: string, { stdin, stderr }: ClientContext, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  stderr.write(question);
  return new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    for (const event of ['SIGINT', 'close'] as const) lines.once(event, () => reject(new Interrupted()));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  }).finally(() => {
    lines.close();
    stderr.write('\n');
  });
}
