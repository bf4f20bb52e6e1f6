/**
 * The engine process. The server starts it with a socket as file descriptor 3 and `UV_THREADPOOL_SIZE=1`, and speaks
 * first: `load`. The process lives exactly as long as the server: it ends by itself when the socket closes, at once, also
 * in the middle of a decode; and it leaves the signals of the terminal and of service managers, which go to the whole
 * group, to the server, which still drains then.
 */
import { Socket } from 'node:net';
import { Connection } from './connection.js';
import { EmbeddingEngine } from './embeddings/embedding-engine.js';
import { Engine } from './engine.js';
import { FromEngine, type LoadOptions, ToEngine } from './link/index.js';

const LINK_DESCRIPTOR = 3;

/** The signals that are the server's to act on. */
const SERVER_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

for (const signal of SERVER_SIGNALS) process.on(signal, () => {});

let engine: Engine | EmbeddingEngine | undefined;
const connection = new Connection(new Socket({ fd: LINK_DESCRIPTOR }), onFrame, endNow);

function onFrame(kind: number, stream: number, payload: Buffer): void {
  if (kind === ToEngine.load) void load(JSON.parse(payload.toString('utf8')) as LoadOptions);
  else if (kind === ToEngine.stop) void stop();
  else engine?.handle(kind, stream, payload);
}

async function stop(): Promise<void> {
  try {
    await engine?.stop();
  } catch (error) {
    process.stderr.write(`sequences could not be kept: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  endNow();
}

async function load(options: LoadOptions): Promise<void> {
  try {
    // Decoding and drawing are queued on libuv's threads and must run in that order, on one thread.
    if (process.env.UV_THREADPOOL_SIZE !== '1') throw new Error('UV_THREADPOOL_SIZE must be 1 in this process.');
    engine = await (options.task === 'embed' ? EmbeddingEngine : Engine).start(options, connection);
  } catch (error) {
    const message = `${options.modelPath} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    connection.send(FromEngine.loadFailed, 0, JSON.stringify({ message }));
    await connection.finish();
    process.exit(1);
  }
}

/** A normal exit would wait for the threads that compute. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}
