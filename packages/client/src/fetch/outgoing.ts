/** Reads what an SDK hands to `fetch`, so that it can be sent again and its wishes are known. */
import { type Dialect, type JsonObject, parseObject } from '../dialects/dialect.js';
import { loadDialect } from '../dialects/index.js';
import type { Fetch } from '../kit/endpoint.js';

/** What a caller wants for one request; told in headers that go no further. */
export interface Wishes {
  /** `x-kit-priority`: higher goes first. */
  readonly priority?: number;
  /** `x-kit-caller`: callers of one priority take turns. */
  readonly caller?: string;
  /** `x-kit-deadline-ms`: how long everything may take together, in ms from now. */
  readonly deadlineMs?: number;
  /** `x-kit-breaker-wait-ms`: in place of the option `breaker.waitMs`. */
  readonly breakerWaitMs?: number;
  /** `x-kit-keep-format`: `response_format` is not asked for in another way. */
  readonly keepsFormat?: boolean;
}

export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestInit['body'];
  /** Whether the body can be sent more than once. */
  readonly isReplayable: boolean;
  /** Undefined for what generates nothing, such as the list of models. */
  readonly generation: Generation | undefined;
  readonly wishes: Wishes;
  readonly signal: AbortSignal | undefined;
  /** Everything else of the platform's options, such as `credentials`. */
  readonly rest: RequestInit;
}

/** A request for an answer of a model. */
export interface Generation {
  readonly dialect: Dialect;
  readonly request: JsonObject;
  readonly model: string;
  readonly isStream: boolean;
}

export async function readOutgoing(input: Parameters<Fetch>[0], init: RequestInit = {}): Promise<Outgoing> {
  const from = input instanceof Request ? input : undefined;
  const { method, headers: given, body: givenBody, signal, ...rest } = init;
  const url = new URL(from?.url ?? String(input));
  const headers = new Headers(given ?? from?.headers);
  const body = givenBody ?? (from?.body ? new Uint8Array(await from.arrayBuffer()) : undefined);
  const outgoing = {
    url,
    method: (method ?? from?.method ?? 'GET').toUpperCase(),
    headers,
    body,
    isReplayable: !(body instanceof ReadableStream),
    wishes: takeWishes(headers),
    signal: signal ?? from?.signal ?? undefined,
    rest: from === undefined ? rest : { redirect: from.redirect, credentials: from.credentials, ...rest },
  };
  return { ...outgoing, generation: outgoing.method === 'POST' ? await readGeneration(url, body) : undefined };
}

async function readGeneration(url: URL, body: unknown): Promise<Generation | undefined> {
  const dialect = await loadDialect(url.pathname);
  const text = dialect && readText(body);
  const request = text === undefined ? undefined : parseObject(text);
  if (dialect === undefined || request === undefined) return undefined;
  return { dialect, request, model: String(request.model ?? ''), isStream: request.stream === true };
}

function readText(body: unknown): string | undefined {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array || body instanceof ArrayBuffer ? new TextDecoder().decode(body) : undefined;
}

const NUMBERS = ['x-kit-priority', 'x-kit-deadline-ms', 'x-kit-breaker-wait-ms'];

/** Reads the wishes and takes their headers away. */
function takeWishes(headers: Headers): Wishes {
  const take = (name: string) => {
    const value = headers.get(name) ?? undefined;
    headers.delete(name);
    return value;
  };
  const [priority, deadlineMs, breakerWaitMs] = NUMBERS.map((name) => readNumber(take(name)));
  const caller = take('x-kit-caller');
  const keepsFormat = take('x-kit-keep-format') === 'true';
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(caller === undefined ? {} : { caller }),
    ...(breakerWaitMs === undefined ? {} : { breakerWaitMs }),
    ...(keepsFormat ? { keepsFormat } : {}),
  };
}

function readNumber(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text.trim() === '' || Number.isNaN(value) ? undefined : value;
}
