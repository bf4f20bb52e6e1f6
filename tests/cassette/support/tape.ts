/** Recorders and replays for the tests of this folder: real servers on free ports, and cassettes in a folder of the test. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Pool } from 'undici';
import type { ExchangeLine } from '#server/engines/cassette/format/lines.js';
import { CassetteFile, type CassetteFileOptions } from '#server/engines/cassette/record/cassette-file.js';
import { Recorder } from '#server/engines/cassette/record/recorder.js';
import { type Relay, startRelay } from '#server/engines/cassette/relay/relay.js';
import { answerMissToClient } from '#server/engines/cassette/replay/misses.js';
import { Player, type PlayerOptions } from '#server/engines/cassette/replay/player.js';
import { readCassette } from '#server/engines/cassette/replay/read-cassette.js';
import { type Clock, systemClock } from '#server/observe/clock.js';
import { temporaryFolder } from '../../store/helpers/temporary-folder.js';
import { type RawRequest, renderRequest } from '../../support/raw-http.js';

export interface Recording extends Relay {
  readonly path: string;
  /** Ends recording; the cassette is complete then. */
  close(): Promise<void>;
}

/** A path for a cassette, in a folder that is gone after the test. */
export async function cassettePath(context: TestContext): Promise<string> {
  return join(await temporaryFolder(context), 'cassette.ndjson');
}

/** Records what passes to an upstream; `url` is where it is served. */
export async function startRecording(
  context: TestContext,
  url: string,
  options: Partial<CassetteFileOptions> & { readonly clock?: Clock; readonly probesOnce?: boolean } = {},
): Promise<Recording> {
  const { clock = systemClock, probesOnce = false } = options;
  const path = options.path ?? (await cassettePath(context));
  const file = new CassetteFile({ prompts: 'kept', now: clock.now(), ...options, path });
  const connections = new Recorder(new Pool(new URL(url).origin), { file, upstream: url, clock, probesOnce });
  const relay = await startRelay({ connections, host: '127.0.0.1', port: 0 });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await relay.close();
  };
  context.after(close);
  return { url: relay.url, path, close };
}

/** Replays a cassette, as fast as it is taken unless a speed is said. */
export async function startReplay(
  context: TestContext,
  path: string,
  options: Partial<PlayerOptions> = {},
): Promise<Relay> {
  const cassette = readCassette(path);
  const speed = Number.POSITIVE_INFINITY;
  const connections = new Player({ cassette, speed, answerMiss: answerMissToClient, ...options });
  const relay = await startRelay({ connections, host: '127.0.0.1', port: 0 });
  context.after(() => relay.close());
  return relay;
}

/** Everything that comes back on a connection of its own, and how that ended. */
export interface RawAnswer {
  readonly bytes: Buffer;
  /** `ECONNRESET` when it was reset. */
  readonly error: string | undefined;
}

/** Sends a request and reads until the connection is gone; `onData` sees what has come so far. */
export function exchangeRaw(
  url: string,
  request: RawRequest,
  onData: (bytes: Buffer) => void = () => {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let bytes: Buffer = Buffer.alloc(0);
  let error: string | undefined;
  socket.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece]);
    onData(bytes);
  });
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    error = code;
  });
  socket.write(renderRequest(request));
  return new Promise((resolve) => socket.once('close', () => resolve({ bytes, error })));
}

/** A chat as it is sent. */
export function chat(content: string, more: object = {}, headers: Record<string, string> = {}): RawRequest {
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-a-key-of-the-test-0001', ...headers },
    body: JSON.stringify({ model: 'far', messages: [{ role: 'user', content }], ...more }),
  };
}

export async function readLines(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The exchanges of a cassette, in their order. */
export async function readExchanges(path: string): Promise<ExchangeLine[]> {
  return (await readLines(path)).filter((line) => 'request' in line) as unknown as ExchangeLine[];
}
