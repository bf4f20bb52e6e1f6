/** Sends the requests of a load over HTTP/1.1: one connection for each that is in flight, used again for the next one. */
import type { Clock } from '@plumb/client';
import { Pool } from 'undici';
import { Exchange } from './exchange.js';
import type { LoadRequest } from './request-mix.js';
import type { Sample } from './sample.js';

/** Is told what comes of a request. Nothing is called before `send` has returned. */
export interface Watcher {
  /**
   * An event with text has come, of a stream.
   *
   * @param gapMs Since the one before; undefined for the first one.
   */
  onToken(gapMs: number | undefined): void;
  /** The request is over. Called once, unless it is given up. */
  onEnd(sample: Sample): void;
}

/** What a load sends through. Tests put endpoints of their own in its place. */
export interface Sender {
  /** Sends a request; returns what gives it up, after which its watcher is told nothing more. */
  send(request: LoadRequest, watcher: Watcher): () => void;
  /** How many connections have been opened. */
  readonly connections: number;
  /** Breaks off what is left. */
  close(): Promise<void>;
}

export interface SenderOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The most connections, which is also the most requests in flight. */
  readonly connections: number;
  /** From sending a request until its answer must be whole, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** How long a connection that nobody uses is kept where the endpoint does not say, in ms: less than common servers do. */
const KEEP_ALIVE_MS = 4000;
/** For a connection to be made, in ms, where the timeout of requests is not shorter. */
const CONNECT_MS = 10_000;

export class HttpSender implements Sender {
  connections = 0;
  readonly #options: SenderOptions;
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #headers: Record<string, string>;

  constructor(options: SenderOptions) {
    const { origin, pathname } = new URL(options.baseUrl);
    this.#options = options;
    this.#basePath = pathname.replace(/\/$/, '');
    this.#headers = { 'content-type': 'application/json', ...options.headers };
    this.#pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: Math.min(options.timeoutMs, CONNECT_MS) },
    });
    this.#pool.on('connect', () => {
      this.connections += 1;
    });
  }

  send(request: LoadRequest, watcher: Watcher): () => void {
    const { clock, timeoutMs } = this.#options;
    const exchange = new Exchange(watcher, clock, timeoutMs);
    const { path, body } = request;
    const accept = request.isStreamed ? 'text/event-stream' : 'application/json';
    const headers = { ...this.#headers, accept };
    try {
      this.#pool.dispatch({ method: 'POST', path: this.#basePath + path, headers, body }, exchange);
    } catch (error) {
      queueMicrotask(() => exchange.onResponseError(undefined, error as Error));
    }
    return () => exchange.giveUp();
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
