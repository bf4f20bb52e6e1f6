/** One HTTP request of a download: time limits, redirects with care for secrets, and failures in plain words. */
import { ModelError, systemCode } from './model-error.js';
import { isLoopbackHost } from './source.js';
import type { TransferContext } from './transfer.js';

/** Redirects that are followed for one file. */
const MAX_REDIRECTS = 10;
/** The longest that a source's `Retry-After` is obeyed, in ms. */
const MAX_RETRY_AFTER_MS = 60_000;

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  /** The value of the `Authorization` header; sent to the origin of `url` alone, never to where it redirects. */
  readonly authorization?: string | undefined;
  /** Follows a redirect when this is true. Default: always. */
  readonly follow?: (response: Response) => boolean;
}

/** An answer whose body is still to be read, under a time limit that counts from the last byte. */
export interface HttpAnswer {
  readonly response: Response;
  /** The body, piece by piece. Throws a ModelError `interrupted` when it breaks off or falls silent. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection up; harmless when the body was read. */
  close(): Promise<void>;
}

/**
 * Sends a request and resolves with the answer, whatever its status, after following redirects. Throws a ModelError
 * `unreachable` where no answer came, `interrupted` where the connection broke, `bad_answer` for redirects that lead
 * nowhere or out of TLS; rejects with the reason of the signal when it is aborted.
 */
export async function openHttp(request: HttpRequest, context: TransferContext): Promise<HttpAnswer> {
  const origin = new URL(request.url).origin;
  let url = new URL(request.url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const authorization = url.origin === origin ? request.authorization : undefined;
    const answer = await send(url, request, authorization, context);
    const location = redirectTarget(answer.response, url);
    if (location === undefined || request.follow?.(answer.response) === false) return answer;
    await answer.close();
    if (location.protocol !== 'https:' && !mayGoWithoutTls(url, location, context)) {
      throw new ModelError(
        'bad_answer',
        `${url.host} redirects to ${location.protocol}//${location.host}, without TLS.`,
      );
    }
    url = location;
  }
  throw new ModelError('bad_answer', `${new URL(request.url).host} redirects more than ${MAX_REDIRECTS} times.`);
}

/** The failure that a status other than success stands for; `what` begins the sentence. */
export function statusError(response: Response, what: string, context: TransferContext): ModelError {
  const { status } = response;
  const answered = `${what}: the server answered ${status}`;
  if (status === 401 || status === 403) return new ModelError('not_allowed', `${answered} (it wants a permission).`);
  if (status === 404 || status === 410) return new ModelError('not_found', `${answered} (it has no such file).`);
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new ModelError('interrupted', `${answered}.`, { retryAfterMs: retryAfter(response, context) });
  }
  return new ModelError('bad_answer', `${answered}.`);
}

async function send(
  url: URL,
  request: HttpRequest,
  authorization: string | undefined,
  context: TransferContext,
): Promise<HttpAnswer> {
  const watch = new SilenceWatch(url.host);
  const signal = AbortSignal.any([context.signal, watch.signal]);
  watch.expect(context.pace.responseTimeoutMs, 'unreachable');
  try {
    const headers = authorization === undefined ? request.headers : { ...request.headers, authorization };
    const response = await fetch(url, { method: request.method, headers, redirect: 'manual', signal });
    watch.rest();
    return {
      response,
      body: readBody(response, url.host, watch, context),
      close: async () => {
        watch.rest();
        // The body may be locked or broken already; then there is nothing left to give up.
        if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined);
      },
    };
  } catch (error) {
    watch.rest();
    throw describeFailure(error, url.host, watch, context);
  }
}

async function* readBody(
  response: Response,
  host: string,
  watch: SilenceWatch,
  context: TransferContext,
): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    watch.expect(context.pace.idleTimeoutMs, 'interrupted');
    for await (const chunk of response.body) {
      watch.rest();
      yield chunk;
      watch.expect(context.pace.idleTimeoutMs, 'interrupted');
    }
  } catch (error) {
    throw describeFailure(error, host, watch, context);
  } finally {
    watch.rest();
  }
}

/** Aborts a request that stays silent for too long. Time that the reader itself takes does not count. */
class SilenceWatch {
  readonly #controller = new AbortController();
  readonly #host: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: string) {
    this.#host = host;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expect(limitMs: number, code: 'unreachable' | 'interrupted'): void {
    this.rest();
    const message = `${this.#host} sent nothing for ${limitMs / 1000} s.`;
    this.#timer = setTimeout(() => this.#controller.abort(new ModelError(code, message)), limitMs);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }
}

function redirectTarget(response: Response, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get('location');
  if (location === null) return undefined;
  if (!URL.canParse(location, url.href)) {
    throw new ModelError('bad_answer', `${url.host} redirects to something that is no URL.`);
  }
  return new URL(location, url);
}

function mayGoWithoutTls(from: URL, to: URL, context: TransferContext): boolean {
  if (to.protocol !== 'http:') return false;
  if (context.allowPlainHttp) return true;
  return from.protocol === 'http:' && (isLoopbackHost(to.hostname) || to.origin === from.origin);
}

function retryAfter(response: Response, context: TransferContext): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === null) return undefined;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - context.clock.now();
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS) : undefined;
}

function describeFailure(error: unknown, host: string, watch: SilenceWatch, context: TransferContext): unknown {
  if (context.signal.aborted) return context.signal.reason;
  if (watch.signal.aborted) return watch.signal.reason;
  if (error instanceof ModelError) return error;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = systemCode(cause) ?? 'no code';
  const detail = UNREACHABLE[code];
  if (detail !== undefined) {
    return new ModelError('unreachable', `${host} ${detail} (${code}).${proxyHint(context.environment)}`, {
      cause: error,
    });
  }
  if (CERTIFICATE.test(code)) {
    const hint = 'NODE_EXTRA_CA_CERTS names a file with further certificates to trust.';
    return new ModelError('unreachable', `The certificate of ${host} is not trusted (${code}). ${hint}`, {
      cause: error,
    });
  }
  return new ModelError('interrupted', `The connection to ${host} broke (${code}).`, { cause: error });
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is not known to the name service',
  EAI_AGAIN: 'cannot be looked up: the name service does not answer',
  ECONNREFUSED: 'refuses connections',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached: there is no network',
  ENETDOWN: 'cannot be reached: the network is down',
  EADDRNOTAVAIL: 'cannot be reached',
  ETIMEDOUT: 'does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'does not answer',
};

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/;

function proxyHint(environment: NodeJS.ProcessEnv): string {
  const proxy = environment.HTTPS_PROXY ?? environment.https_proxy;
  if (proxy === undefined || environment.NODE_USE_ENV_PROXY === '1') return '';
  return ' HTTPS_PROXY is set; Node heeds it only with NODE_USE_ENV_PROXY=1.';
}
