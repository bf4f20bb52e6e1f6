/**
 * The least that a gateway on this Node can be: node:http in front, undici's dispatch behind, bytes passed as they come.
 * The process of the contender `bare`; its arguments are its port and that of the upstream.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
/** More than the streams of any scenario: a pool queues what goes beyond. */
const CONNECTIONS = 4096;

const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, {
  connections: CONNECTIONS,
  pipelining: 1,
  bodyTimeout: 600_000,
  headersTimeout: 600_000,
});

/** Writes what the upstream answers to the client of one request. */
class PassThrough implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('The client left.'));
    });
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    {
      'transfer-encoding': __,
      connection: ___,
      'keep-alive': ____,
      ...headers
    }: Record<string, string | string[] | undefined>,
  ): void {
    const given = Object.entries(headers).filter(([, value]) => value !== undefined);
    this.#response.writeHead(status, Object.fromEntries(given) as Record<string, string | string[]>);
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#response.write(bytes)) return;
    controller.pause();
    this.#response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end(error.message);
  }
}

const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 }, (request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (bytes: Buffer) => pieces.push(bytes));
  request.on('end', () => pass(request, response, pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)));
});
server.listen({ port, host: '127.0.0.1', backlog: 4096 });
process.once('SIGTERM', () => process.exit(0));

function pass(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers = {
    'content-type': request.headers['content-type'] ?? 'application/json',
    authorization: request.headers.authorization ?? '',
  };
  const options = { path: request.url!, method: request.method as Dispatcher.HttpMethod, headers, body };
  pool.dispatch(options, new PassThrough(response));
}
