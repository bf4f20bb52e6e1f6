/** The program of a worker process, which the primary forks. */
import { hideExperimentalWarnings } from '../cli/hide-warnings.js';
import type { Channel, Message } from './channel.js';
import { runWorker } from './worker.js';

hideExperimentalWarnings();
// A terminal sends Ctrl-C to every process of the group, and a service manager its signals: the primary says what to do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

await runWorker({ send, onChannel: listen, end });

/** Who cannot be reached any more has ended, and Node ends this process then. */
function send(messages: readonly Message[]): void {
  process.send?.(messages, undefined, undefined, () => {});
}

function listen(channel: Channel): void {
  process.on('message', (messages: readonly Message[]) => channel.receive(messages));
}

/** The answer that ends this process goes out in the next turn; the last message is written after it. */
function end(exitCode: number): void {
  setImmediate(() => setImmediate(() => process.send?.([], undefined, undefined, () => process.exit(exitCode))));
}
