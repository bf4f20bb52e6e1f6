/** An engine of the OpenAI format that is in nobody's way: whole answers from memory, streams in the pieces it is given. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

export interface PlainUpstream {
  /** Where its API is served. */
  readonly url: string;
  /** What streams consist of from now on; every piece leaves in a turn of the event loop of its own. */
  stream(pieces: readonly Uint8Array[]): void;
  close(): Promise<void>;
}

const USAGE = { prompt_tokens: 20, completion_tokens: 12, total_tokens: 32 };
const FRAME = { id: 'chatcmpl-1', created: 1_790_000_000, model: 'plain' };
const TEXT = 'A gateway passes requests on, and is judged by what it adds to each of them.';

/** An answer that is one JSON object. */
const OBJECT = Buffer.from(
  JSON.stringify({
    ...{ ...FRAME, object: 'chat.completion', usage: USAGE },
    choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, logprobs: null, finish_reason: 'stop' }],
  }),
);

/** The events of a stream with these texts, which are JSON literals: role, texts, finish reason, usage, `[DONE]`. */
export function writeEvents(literals: readonly string[]): Buffer {
  const chunk = (choices: string, more = '') =>
    `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"plain","choices":[${choices}]${more}}\n\n`;
  const choice = (delta: string, reason = 'null') =>
    `{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}`;
  return Buffer.from(
    [
      chunk(choice('{"role":"assistant","content":""}')),
      ...literals.map((literal) => chunk(choice(`{"content":${literal}}`))),
      chunk(choice('{}', '"stop"')),
      chunk('', `,"usage":${JSON.stringify(USAGE)}`),
      'data: [DONE]\n\n',
    ].join(''),
  );
}

/** Starts one on any free port. */
export async function startPlainUpstream(): Promise<PlainUpstream> {
  let pieces: readonly Uint8Array[] = [writeEvents([JSON.stringify(TEXT)])];
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (piece: Buffer) => body.push(piece));
    request.once('end', () => {
      if (request.method !== 'POST') response.writeHead(404).end();
      else if (Buffer.concat(body).includes('"stream":true')) void sendPieces(response, pieces);
      else response.writeHead(200, { 'content-type': 'application/json', 'content-length': OBJECT.length }).end(OBJECT);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stream(next) {
      pieces = next;
    },
    close: () => close(server),
  };
}

async function sendPieces(response: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await turn();
    response.write(piece);
  }
  response.end();
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
