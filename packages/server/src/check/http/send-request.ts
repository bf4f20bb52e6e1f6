/** Sends one request and keeps every byte of its answer. Nothing is tried again, decoded or followed. */
import type { Clock } from '@plumb/client';
import { type Dispatcher, request as sendOver } from 'undici';
import { Finding } from '../finding.js';
import { type Exchange, KEY_PLACE, type SentRequest } from './exchange.js';

/** More than the longest answer of the suite; an endpoint that never stops is cut here. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

/** What a request is sent with. */
export interface Transport {
  readonly dispatcher: Dispatcher;
  readonly key: string;
  readonly clock: Clock;
  /** How long a whole answer may take, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The connection could not be made, or ended before the answer did. */
export class BrokenConnection extends Finding {
  constructor(error: unknown) {
    const { code, message } = error as NodeJS.ErrnoException;
    super('fail', 'a whole answer', `the connection broke: ${message || code}`);
    this.name = 'BrokenConnection';
  }
}

/** @throws Finding when no whole answer comes, and the reason of the signal. */
export async function sendRequest(request: SentRequest, transport: Transport): Promise<Exchange> {
  const { clock, timeoutMs, signal } = transport;
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  try {
    return await exchange(request, transport, AbortSignal.any([signal, timeout.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Finding) throw error;
    if (!timeout.signal.aborted) throw new BrokenConnection(error);
    throw new Finding('fail', 'a whole answer', `nothing whole within ${timeoutMs / 1000} s`);
  } finally {
    cancel();
  }
}

async function exchange(request: SentRequest, transport: Transport, signal: AbortSignal): Promise<Exchange> {
  const { statusCode, headers, body } = await sendOver(request.url, {
    method: request.method as Dispatcher.HttpMethod,
    headers: withKey(request.headers, transport.key),
    body: request.body ?? null,
    dispatcher: transport.dispatcher,
    signal,
  });
  const bytes = await collect(body);
  return {
    request,
    status: statusCode,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    bytes,
    text: bytes.toString('utf8'),
    cameAt: transport.clock.now(),
  };
}

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > ANSWER_BYTES_MAX)
      throw new Finding('fail', 'an end of the answer', `more than ${ANSWER_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function withKey(headers: SentRequest['headers'], key: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace(KEY_PLACE, () => key)]),
  );
}
