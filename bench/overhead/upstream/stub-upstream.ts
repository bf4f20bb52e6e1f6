/** The engine behind every contender: answers at once, for as little work as a server in this language can do it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { MessageReader } from '../http/message-reader.js';
import { Metronome } from '../time/metronome.js';
import { monotonicUs } from '../time/monotonic.js';
import {
  BUFFERED_ANSWER,
  encodeStampedChunk,
  encodeStream,
  MODEL_LIST,
  STREAM_ENDING,
  STREAM_OPENING,
} from './answers.js';
import { readRequest } from './read-request.js';

/** A stub that listens. */
export class StubUpstream {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #metronome = new Metronome(monotonicUs);
  /** Whole streams by their number of chunks. */
  readonly #streams = new Map<number, Buffer>();

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  /** Starts one on a free port of the loopback interface. */
  static async start(): Promise<StubUpstream> {
    const stub = new StubUpstream();
    stub.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(stub.#server, 'listening');
    return stub;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([once(this.#server, 'close'), this.#metronome.stop()]);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const reader = this.#readRequests(socket);
    socket.on('data', (bytes) => {
      try {
        reader.push(bytes);
      } catch {
        socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      }
    });
    // A contender that leaves is no event: its load generator is stopped in the middle of requests.
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #readRequests(socket: Socket): MessageReader {
    let head = '';
    let pieces: Buffer[] = [];
    return new MessageReader(
      {
        head(text) {
          head = text;
          pieces = [];
        },
        // What a socket gives to its 'data' listener is not used again, so that it can be kept.
        body: (bytes, start, end) => pieces.push(bytes.subarray(start, end)),
        end: () => this.#answer(socket, head, pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)),
      },
      'empty',
    );
  }

  #answer(socket: Socket, head: string, body: Buffer): void {
    const isLast = /^connection:[ \t]*close/im.test(head);
    const finish = (bytes: Buffer) => (isLast ? socket.end(bytes) : socket.write(bytes));
    if (head.startsWith('GET ')) return void finish(MODEL_LIST);
    const { isStream, chunks, paceUs } = readRequest(body);
    if (!isStream) finish(BUFFERED_ANSWER);
    else if (paceUs === 0) finish(this.#wholeStream(chunks));
    else this.#pace(socket, chunks, paceUs, finish);
  }

  #wholeStream(chunks: number): Buffer {
    const known = this.#streams.get(chunks);
    if (known !== undefined) return known;
    const bytes = encodeStream(chunks);
    this.#streams.set(chunks, bytes);
    return bytes;
  }

  /** The role goes with the first content and at once, each other chunk by itself, as engines send them. */
  #pace(socket: Socket, chunks: number, paceUs: number, finish: (bytes: Buffer) => void): void {
    let left = chunks - 1;
    socket.write(Buffer.concat([STREAM_OPENING, Buffer.from(encodeStampedChunk(monotonicUs()), 'latin1')]));
    this.#metronome.add(paceUs, () => {
      if (socket.destroyed) return undefined;
      if (left > 0) {
        left -= 1;
        socket.write(encodeStampedChunk(monotonicUs()), 'latin1');
        return paceUs;
      }
      finish(STREAM_ENDING);
      return undefined;
    });
  }
}
