/** An engine elsewhere that fails in one way: raw sockets, so that it can fail in ways that no HTTP server would. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ANSWER } from './answering-engine.js';

export interface FaultyUpstream {
  /** Where its API is served: what `url` of an engine says. */
  readonly url: string;
  /** How many requests have arrived. */
  readonly requests: number;
  close(): Promise<void>;
}

/** What an upstream does with a request whose body has arrived. */
type Behaviour = (socket: Socket) => void;

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

function event(delta: object, finishReason: string | null, usage?: object): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'far', choices, usage };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

const FIRST = event({ role: 'assistant', content: ANSWER }, null);
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const LAST = `${event({ content: '' }, 'stop', USAGE)}data: [DONE]\n\n`;

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function answerWith(status: string, contentType: string, body: string, headers = ''): Behaviour {
  const length = Buffer.byteLength(body);
  return (socket) =>
    void socket.write(
      `HTTP/1.1 ${status}\r\ncontent-type: ${contentType}\r\n${headers}content-length: ${length}\r\n\r\n${body}`,
    );
}

const errorBody = (message: string, type: string) => JSON.stringify({ error: { message, type, code: type } });

/** The ways to answer; those that cannot be reached at all are addresses without an upstream. */
export const BEHAVIOURS = {
  well: (socket) => void socket.write(HEAD + chunk(FIRST + LAST) + chunk('')),
  slow: (socket) => void drip(socket, HEAD + chunk(FIRST) + chunk(LAST) + chunk('')),
  'hang before headers': () => {},
  'hang before first byte': (socket) => void socket.write(HEAD),
  'hang mid-stream': (socket) => void socket.write(HEAD + chunk(FIRST)),
  'reset mid-stream': (socket) =>
    void socket.write(HEAD + chunk(FIRST), () => setTimeout(() => socket.resetAndDestroy(), 20)),
  '429': answerWith(
    '429 Too Many Requests',
    'application/json',
    errorBody('slow down', 'rate_limit'),
    'retry-after: 7\r\n',
  ),
  '500': answerWith('500 Internal Server Error', 'application/json', errorBody('a secret stack trace', 'server_error')),
  '503': answerWith('503 Service Unavailable', 'application/json', errorBody('loading', 'unavailable')),
  '401': answerWith(
    '401 Unauthorized',
    'application/json',
    errorBody('wrong key sk-upstream-secret', 'authentication'),
  ),
  'HTML body': answerWith('200 OK', 'text/html', '<html><body>It works!</body></html>'),
  garbage: (socket) => void socket.end('\x00\x01 this is not HTTP \r\n\r\n'),
} satisfies Record<string, Behaviour>;

export type BehaviourName = keyof typeof BEHAVIOURS;

/** A few bytes at a time, with the event loop coming round in between. */
async function drip(socket: Socket, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length && !socket.destroyed; start += 16) {
    socket.write(bytes.subarray(start, start + 16));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Listens on a free port of this machine. Health checks and lists of models are answered well, whatever it does else. */
export async function startFaultyUpstream(behaviour: BehaviourName): Promise<FaultyUpstream> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      for (let request = takeRequest(received); request !== undefined; request = takeRequest(received)) {
        received = received.slice(request.length);
        if (request.startsWith('GET')) answerWith('200 OK', 'application/json', '{"object":"list","data":[]}')(socket);
        else {
          requests += 1;
          BEHAVIOURS[behaviour](socket);
        }
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    get requests() {
      return requests;
    },
    close: () => closeServer(server, sockets),
  };
}

/** The first whole request of what has been received. */
function takeRequest(received: string): string | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end))?.[1] ?? 0);
  const total = end + 4 + length;
  return received.length < total ? undefined : received.slice(0, total);
}

async function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}
