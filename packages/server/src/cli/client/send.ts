/** Sends one request and reads its answer; whatever goes wrong becomes the one error of the toolkit. */
import { type Attempt, type Clock, type Endpoint, KitError, type KitErrorCode } from '@plumb/client';
import { isKitErrorCode } from './failure.js';

export interface Sent {
  readonly method: 'GET' | 'POST';
  /** Absolute. */
  readonly url: string;
  readonly body?: object;
}

/** A good answer whose body has not been read, and what an error about that body has to tell. */
export interface Answered {
  readonly response: Response;
  readonly requestId: string | undefined;
  readonly startedAt: number;
}

/** More than all attempts of a request take, with their words. */
const ERROR_CHARACTERS_MAX = 100_000;

/**
 * @throws KitError for every answer that is not 2xx, and when none comes.
 * @throws the reason of the signal, once it is aborted.
 */
export async function send(endpoint: Endpoint, clock: Clock, sent: Sent, signal: AbortSignal): Promise<Answered> {
  const startedAt = clock.now();
  const { method, url, body } = sent;
  const response = await endpoint.fetch(url, {
    method,
    headers: { ...endpoint.headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return { response, requestId: requestIdOf(response.headers), startedAt };
  throw await readFailure(response, { clock, startedAt });
}

/** The JSON of a good answer. @throws KitError, as `send` does, and when it is none. */
export async function sendForJson(
  endpoint: Endpoint,
  clock: Clock,
  sent: Sent,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const answered = await send(endpoint, clock, sent, signal);
  return readJson(answered, clock, signal);
}

/** The body as a JSON object; an error inside of a 200 counts as the error that it is. @throws KitError */
export async function readJson(
  { response, requestId, startedAt }: Answered,
  clock: Clock,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { status } = response;
  const known = { clock, startedAt, status, requestId };
  const text = await response.text().catch((error: unknown) => {
    signal.throwIfAborted();
    throw failedWith('stream_interrupted', `The answer broke off: ${describe(error)}.`, known);
  });
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = text.trim() === '' ? 'empty' : 'no JSON';
    throw failedWith('invalid_answer', `The answer is ${what}. Is this the address of an API?`, known);
  }
  if (!('error' in value) || value.error === null) return { ...value };
  throw failedWith(codeInside(text), messageOf(text) ?? 'The endpoint sent an error inside of a 200.', known);
}

/** What an error has to tell beside its sentence. */
export interface Failing {
  readonly clock: Clock;
  readonly startedAt: number;
  readonly status?: number;
  readonly requestId?: string | undefined;
}

/** An error with its one attempt. */
export function failedWith(code: KitErrorCode, reason: string, { clock, startedAt, ...known }: Failing): KitError {
  const { status, requestId } = known;
  const details = { ...(status === undefined ? {} : { status }), ...(requestId === undefined ? {} : { requestId }) };
  const attempt = { startedAt, durationMs: Math.round(clock.now() - startedAt), reason, ...details };
  return new KitError(code, reason, { ...details, attempts: [attempt] });
}

/** What an error inside of a good answer is: the toolkit says where it was the connection. */
export function codeInside(text: string): KitErrorCode {
  const { code, type } = errorOf(text) ?? {};
  return [code, type].find(isKitErrorCode) ?? 'server_error';
}

/** What the envelope of an error says; the text itself when it is short and no envelope; else undefined. */
export function messageOf(text: string): string | undefined {
  const value = parse(text);
  if (typeof value === 'object' && value !== null && 'error' in value) {
    const { error } = value;
    if (typeof error === 'string') return error;
    const message = (error as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : undefined;
  }
  const plain = text.trim();
  return plain !== '' && plain.length <= 300 && !plain.startsWith('<') && !plain.startsWith('{') ? plain : undefined;
}

/** What a failed answer says: the words of the endpoint, and the attempts that the toolkit made. */
async function readFailure(response: Response, { clock, startedAt }: Failing): Promise<KitError> {
  const { status, headers } = response;
  const text = (await response.text()).slice(0, ERROR_CHARACTERS_MAX);
  const { code, type, attempts = [] } = errorOf(text) ?? {};
  const reason = messageOf(text) ?? `The endpoint answered with status ${status}.`;
  // Where the toolkit knows better than the status, it says so.
  const what = [code, type].find(isKitErrorCode) ?? codeOfStatus(status);
  const last = attempts.at(-1);
  if (last === undefined)
    return failedWith(what, reason, { clock, startedAt, status, requestId: requestIdOf(headers) });
  // The status of an answer that stands for none is not one of the endpoint.
  const { status: told, requestId } = last;
  const known = { ...(told === undefined ? {} : { status: told }), ...(requestId === undefined ? {} : { requestId }) };
  return new KitError(what, reason, { ...known, attempts });
}

/** What is read of the envelope of an error. */
interface WrittenError {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly attempts?: readonly Attempt[];
}

function errorOf(text: string): WrittenError | undefined {
  const value = parse(text) as { error?: unknown } | undefined;
  return typeof value?.error === 'object' && value.error !== null ? value.error : undefined;
}

/** `fetch` keeps what happened in the cause. */
function describe(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown; message?: unknown }; message?: unknown };
  return String(cause?.code ?? cause?.message ?? message ?? error);
}

function requestIdOf(headers: Headers): string | undefined {
  return headers.get('x-request-id') ?? headers.get('x-ds-trace-id') ?? undefined;
}

function codeOfStatus(status: number): KitErrorCode {
  if (status === 401 || status === 403) return 'authentication';
  if (status === 402) return 'insufficient_balance';
  if (status === 429) return 'rate_limited';
  return status >= 500 || status === 408 || status === 409 ? 'server_error' : 'invalid_request';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
