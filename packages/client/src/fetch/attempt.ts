/** Sends a request once, and holds its answer back until it is certain that it begins well. */
import { parseObject, readError, type WrittenError } from '../dialects/dialect.js';
import type { KitErrorCode } from '../errors/kit-error.js';
import type { Fetch } from '../kit/endpoint.js';
import { readRetryHint } from '../retry/retry-hint.js';
import type { Clock } from '../time/clock.js';
import type { AnswerTally } from './answer-tally.js';
import { codeOf, type Failure, judge, requestIdOf, type Verdict } from './failure.js';
import { holdBuffered } from './hold-buffered.js';
import { holdStream } from './hold-stream.js';
import type { Outgoing } from './outgoing.js';
import type { Prepared } from './prepare.js';
import { Watchdog } from './watchdog.js';

export interface TimeoutOptions {
  /** From sending until the answer itself begins, in ms; keep-alives do not count. Default: 630,000. */
  readonly firstTokenMs?: number;
  /** Between two pieces of an answer, keep-alives among them, in ms. Default: 120,000. */
  readonly stallMs?: number;
}

export interface AttemptContext {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timeouts: Required<TimeoutOptions>;
  /** When everything must have begun, in ms since the epoch. */
  readonly deadline: number;
  /** Whether answers are held back until they begin. */
  readonly holds: boolean;
  readonly prepared: Prepared;
  /** The headers of the answer have come. */
  answered(headers: Headers): void;
  /** The answer has ended; called once for every answer that is handed on. */
  ended(end: AnswerEnd): void;
}

export interface AnswerEnd {
  readonly how: 'complete' | 'interrupted' | 'left';
  readonly tally: AnswerTally;
  readonly error?: WrittenError;
}

/** What one attempt came to. */
export type AttemptResult =
  | { readonly kind: 'answer'; readonly response: Response; readonly requestId: string | undefined }
  | FailedAttempt;

export interface FailedAttempt {
  readonly kind: 'failure';
  readonly failure: Failure;
  readonly verdict: Verdict;
}

/** An attempt in its course, as the parts that read the answer see it. */
export interface Running {
  readonly outgoing: Outgoing;
  readonly context: AttemptContext;
  readonly response: Response;
  readonly watchdog: Watchdog;
  /** Breaks the connection. */
  abort(): void;
  /** Lets go of the caller's signal and the timer. */
  release(): void;
  /** Names what a read failed with. */
  explain(error: unknown): Failure;
}

/** @throws the reason of the caller's signal; nothing else. */
export async function attempt(outgoing: Outgoing, context: AttemptContext): Promise<AttemptResult> {
  const controller = new AbortController();
  const leave = () => controller.abort(outgoing.signal?.reason);
  outgoing.signal?.throwIfAborted();
  outgoing.signal?.addEventListener('abort', leave, { once: true });
  let expired: string | undefined;
  let hasHead = false;
  const watchdog = new Watchdog(context.clock, (message) => {
    expired = message;
    controller.abort();
  });
  const release = () => {
    watchdog.stop();
    outgoing.signal?.removeEventListener('abort', leave);
  };
  const explain = (error: unknown) => (expired === undefined ? explainBroken(error) : timedOut(expired));
  try {
    expectFirstToken(watchdog, context);
    const { url, method, headers, body, rest } = outgoing;
    const response = await context.fetch(url.href, {
      ...rest,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: controller.signal,
    });
    hasHead = true;
    context.answered(response.headers);
    const abort = () => controller.abort();
    return await readAnswer({ outgoing, context, response, watchdog, abort, release, explain });
  } catch (error) {
    release();
    outgoing.signal?.throwIfAborted();
    const failure = explain(error);
    return { kind: 'failure', failure, verdict: !hasHead && isReset(error) ? 'reset' : judge(failure.code, undefined) };
  }
}

async function readAnswer(running: Running): Promise<AttemptResult> {
  const { outgoing, response, release } = running;
  if (!response.ok) return readRefusal(running);
  const { generation } = outgoing;
  if (generation === undefined || response.body === null) {
    release();
    return { kind: 'answer', response, requestId: requestIdOf(response.headers) };
  }
  const isStream = response.headers.get('content-type')?.includes('text/event-stream') ?? generation.isStream;
  return isStream ? holdStream(running, generation) : holdBuffered(running, generation);
}

function expectFirstToken(watchdog: Watchdog, { timeouts, deadline, clock }: AttemptContext): void {
  const left = deadline - clock.now();
  if (left < timeouts.firstTokenMs) watchdog.expect(Math.max(left, 0), 'The answer had not begun at the deadline.');
  else watchdog.expect(timeouts.firstTokenMs, `The answer had not begun after ${timeouts.firstTokenMs / 1000} s.`);
}

/** What is read of a refusal: no error is longer, but pages of proxies are. */
const REFUSAL_CHARACTERS_MAX = 65_536;

async function readRefusal({ response, context, release }: Running): Promise<AttemptResult> {
  const text = await response.text().catch(() => '');
  release();
  const { status, headers } = response;
  const written = parseObject(text.slice(0, REFUSAL_CHARACTERS_MAX));
  const plain = headers.get('content-type')?.includes('html') ? '' : text.trim().slice(0, 500);
  const error = (written && readError(written)) ?? { message: plain || `The endpoint answered ${status}.` };
  const code = codeOf(status, error);
  const hint = readRetryHint(headers, context.clock.now());
  const failure = toFailure(code, error, { status, headers, retryAfterMs: hint.retryAfterMs });
  return { kind: 'failure', failure, verdict: judge(code, hint.shouldRetry) };
}

/** A failure that an answer told, with what its head says. */
export function toFailure(
  code: KitErrorCode,
  error: WrittenError,
  { status, headers, retryAfterMs }: { status: number; headers: Headers; retryAfterMs?: number | undefined },
): Failure {
  const requestId = requestIdOf(headers);
  return {
    code,
    error,
    status,
    wireStatus: status,
    headers,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function timedOut(message: string): Failure {
  return { code: 'timeout', status: 504, error: { message, type: 'timeout', code: 'timeout' } };
}

function explainBroken(error: unknown): Failure {
  const reason =
    causesOf(error)
      .map(({ message }) => message)
      .join(': ') || 'no reason is known';
  const message = `The connection to the endpoint failed (${reason.slice(0, 300)}).`;
  return { code: 'connection', status: 503, error: { message, type: 'connection', code: 'connection' } };
}

/** An idle connection that the other side had closed: nothing of the request was worked on. */
function isReset(error: unknown): boolean {
  return causesOf(error).some(({ code }) => code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE');
}

function causesOf(error: unknown): { message: string; code?: unknown }[] {
  const causes: { message: string; code?: unknown }[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push({ message: cause.message, code: (cause as { code?: unknown }).code });
  }
  return causes;
}
