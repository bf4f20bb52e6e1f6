/** Talks to the endpoint for all cases of a run: the same question is asked once, and what is spent is counted. */
import { type Clock, wait } from '@plumb/client';
import { Agent } from 'undici';
import { Finding } from './finding.js';
import type { Exchange, SentRequest } from './http/exchange.js';
import { sendRequest, type Transport } from './http/send-request.js';
import { at } from './read/at.js';
import { readStream } from './read/stream.js';

/** How often a refusal for limits is waited out before it counts as the answer. */
const WAITS_MAX = 3;
/** The longest such wait, in ms, whatever the endpoint says. */
const WAIT_MAX_MS = 30_000;
/** The first wait where the endpoint does not say, in ms; each further one doubles. */
const WAIT_FIRST_MS = 1000;

export interface SessionOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly key: string;
  readonly clock: Clock;
  /** How long each request may take, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** A word that no other run has, for what must not be in a cache. */
  readonly nonce: string;
}

/** What a run has spent so far. */
export interface Spent {
  requests: number;
  promptTokens: number;
  completionTokens: number;
}

/** How a request is sent. */
export interface SendOptions {
  /** Tells apart requests that are the same to the byte and must be sent each on its own. Default 0. */
  readonly again?: number;
  /** Whether a refusal for limits is what is looked for. Default false: it is waited out. */
  readonly wantsRefusal?: boolean;
}

/** The endpoint does not let this key or account work at all; nothing else can be learnt. */
export class EndpointClosed extends Error {
  readonly status: number;

  constructor({ status }: Exchange) {
    super(`The endpoint answered with status ${status}.`);
    this.name = 'EndpointClosed';
    this.status = status;
  }
}

export class Session {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly nonce: string;
  readonly spent: Spent = { requests: 0, promptTokens: 0, completionTokens: 0 };
  readonly #transport: Transport;
  readonly #agent = new Agent({ connections: 32, headersTimeout: 0, bodyTimeout: 0 });
  readonly #answers = new Map<string, Promise<Exchange>>();

  constructor({ baseUrl, key, clock, timeoutMs, signal, nonce }: SessionOptions) {
    this.baseUrl = baseUrl;
    this.clock = clock;
    this.signal = signal;
    this.nonce = nonce;
    this.#transport = { dispatcher: this.#agent, key, clock, timeoutMs, signal };
  }

  /**
   * The answer to a request; that of an earlier one if it was the same.
   *
   * @throws Finding when no whole answer comes, EndpointClosed when the account has no money left, and the reason of the
   * signal.
   */
  send(request: SentRequest, { again = 0, wantsRefusal = false }: SendOptions = {}): Promise<Exchange> {
    const name = JSON.stringify([request, again]);
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer = wantsRefusal ? this.#sendOnce(request) : this.#sendPatiently(request);
    this.#answers.set(name, answer);
    return answer;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #sendPatiently(request: SentRequest): Promise<Exchange> {
    for (let waits = 0; ; waits += 1) {
      const exchange = await this.#sendOnce(request);
      const isBusy = exchange.status === 429 || exchange.status === 503;
      if (!isBusy || waits === WAITS_MAX) return exchange;
      await wait(this.clock, readWaitMs(exchange, waits), this.signal);
    }
  }

  async #sendOnce(request: SentRequest): Promise<Exchange> {
    this.spent.requests += 1;
    const exchange = await sendRequest(request, this.#transport);
    if (exchange.status === 402) throw new EndpointClosed(exchange);
    this.#count(exchange);
    return exchange;
  }

  #count(exchange: Exchange): void {
    const usage = exchange.status === 200 ? findUsage(exchange) : undefined;
    this.spent.promptTokens += readCount(at(usage, 'prompt_tokens'));
    this.spent.completionTokens += readCount(at(usage, 'completion_tokens'));
  }
}

function readWaitMs({ headers }: Exchange, waits: number): number {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Math.min(Number.isFinite(seconds) ? seconds * 1000 : WAIT_FIRST_MS * 2 ** waits, WAIT_MAX_MS);
}

function findUsage(exchange: Exchange): unknown {
  try {
    if (!/event-stream/.test(exchange.headers['content-type'] ?? '')) return at(JSON.parse(exchange.text), 'usage');
    return readStream(exchange).usage;
  } catch (error) {
    // What is no answer has no usage; the cases say what is wrong with it.
    if (error instanceof SyntaxError || error instanceof Finding) return undefined;
    throw error;
  }
}

function readCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
