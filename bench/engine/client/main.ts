/** The load client: a process of its own, so that counting tokens does not share a thread with running the benchmark. */
import type { Connection } from './connection.js';
import { connectOverHttp } from './http-connection.js';
import { startEngine } from './link-connection.js';
import type { FromClient, Target, ToClient } from './protocol.js';
import { runLoad } from './run-load.js';

let connection: Connection | undefined;

process.on('message', (message: ToClient) => {
  answer(message).then(send, (error: unknown) => {
    send({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});

process.on('disconnect', () => {
  // The benchmark is gone: nobody will ask for the result.
  process.exit(1);
});

async function answer(message: ToClient): Promise<FromClient> {
  switch (message.type) {
    case 'open':
      connection = await open(message.target);
      return { type: 'opened', ...pickProcessId(connection) };
    case 'run':
      if (connection === undefined) throw new Error('A load came before its target.');
      return { type: 'ran', windows: await runLoad(connection, message.job, (edge) => send({ type: edge })) };
    case 'close':
      await connection?.close();
      return { type: 'closed' };
  }
}

async function open(target: Target): Promise<Connection> {
  return target.kind === 'http' ? connectOverHttp(target) : startEngine(target);
}

function pickProcessId({ engineProcessId }: Connection): { engineProcessId?: number } {
  return engineProcessId === undefined ? {} : { engineProcessId };
}

function send(message: FromClient): void {
  process.send?.(message);
}
