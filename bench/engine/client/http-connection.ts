/** Load over HTTP/1.1 on raw sockets, one for each request: an HTTP client library would take time from the engines. */
import { connect, type Socket } from 'node:net';
import type { RequestBody } from '../workload.js';
import { ChunkedDecoder } from './chunked-decoder.js';
import type { Connection } from './connection.js';
import type { HttpTarget, RequestRecord } from './protocol.js';
import { StreamRecorder } from './stream-recorder.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 64 * 1024;

/** Speaks to one server. */
export function connectOverHttp(target: HttpTarget): Connection {
  return {
    generate: (body) => exchange(target, body),
    close: async () => {},
  };
}

function exchange(target: HttpTarget, body: RequestBody): Promise<RequestRecord> {
  const message = encodeRequest(target, body);
  return new Promise((resolve, reject) => {
    const response = new ResponseReader();
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    socket.on('data', (bytes) => readResponse(socket, response, bytes));
    socket.on('error', reject);
    socket.on('close', () => {
      try {
        resolve(response.finish());
      } catch (error) {
        reject(error);
      }
    });
    socket.write(message);
  });
}

function encodeRequest(target: HttpTarget, body: RequestBody): Buffer {
  const content = Buffer.from(JSON.stringify(body));
  const lines = [
    `POST ${target.path} HTTP/1.1`,
    `host: ${target.host}:${target.port}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${content.length}`,
    ...Object.entries(target.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
}

function readResponse(socket: Socket, response: ResponseReader, bytes: Buffer): void {
  try {
    response.push(bytes);
  } catch (error) {
    socket.destroy(error as Error);
  }
}

/** Follows one response: the head until it is whole, then the body as it comes. */
class ResponseReader {
  readonly #recorder = new StreamRecorder();
  readonly #decoder = new ChunkedDecoder((content) => this.#recorder.push(content));
  #head = Buffer.alloc(0);
  #inBody = false;

  push(bytes: Buffer): void {
    if (this.#inBody) this.#decoder.push(bytes);
    else this.#readHead(bytes);
  }

  finish(): RequestRecord {
    if (!this.#decoder.ended) throw new Error('The server closed the connection in the middle of a response.');
    return this.#recorder.finish();
  }

  #readHead(bytes: Buffer): void {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(HEAD_END);
    if (end === -1 && this.#head.length > MAX_HEAD_BYTES) throw new Error('The head of the response does not end.');
    if (end === -1) return;
    const text = this.#head.toString('latin1');
    if (!/^HTTP\/1\.1 200 /.test(text) || !/\r\ntransfer-encoding: *chunked\r\n/i.test(text)) {
      throw new Error(`Not a stream: ${text}`);
    }
    this.#inBody = true;
    this.#decoder.push(this.#head.subarray(end + HEAD_END.length));
  }
}
