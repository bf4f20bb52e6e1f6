/** Sends one line of a batch and says what came of it: an answer, a failure of this line, or one that stops the batch. */
import type { Endpoint } from '../kit/endpoint.js';
import type { BatchRequest } from './batch-line.js';
import { type LineOutcome, readTokens, type TokenUse } from './output-line.js';

/** Why a batch cannot go on, whichever line is asked. */
export type Obstacle = 'authentication' | 'insufficient_balance' | 'breaker_open';

export type Sent =
  | {
      readonly kind: 'answer' | 'failure';
      readonly outcome: LineOutcome;
      readonly body: unknown;
      readonly tokens: TokenUse | undefined;
      /** When the endpoint made the answer, in ms since the epoch, if it says so. */
      readonly createdAt: number | undefined;
    }
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle; readonly message: string };

export interface SendOptions {
  readonly endpoint: Endpoint;
  /** Stands for the request at the endpoint: the same key and body are generated and paid for once. */
  readonly idempotencyKey: string;
  readonly priority: number;
  readonly deadlineMs: number;
  readonly outageMs: number;
  readonly signal: AbortSignal;
}

/** Only aborting makes it reject, with the reason of the signal. */
export async function sendLine(request: BatchRequest, options: SendOptions): Promise<Sent> {
  const { endpoint, idempotencyKey, priority, deadlineMs, outageMs, signal } = options;
  let response: Response;
  let text: string;
  try {
    response = await endpoint.fetch(endpoint.baseUrl + request.path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...endpoint.headers(),
        'idempotency-key': idempotencyKey,
        'x-kit-priority': String(priority),
        'x-kit-deadline-ms': String(deadlineMs),
        'x-kit-breaker-wait-ms': String(outageMs),
      },
      body: request.bodyText,
      signal,
    });
    text = await response.text();
  } catch (error) {
    signal.throwIfAborted();
    return failWithoutAnswer('connection', `The answer could not be read: ${(error as Error).message}`);
  }
  return judge(response, text);
}

function judge(response: Response, text: string): Sent {
  const body = parse(text);
  const obstacle = findObstacle(response.status, body);
  if (obstacle !== undefined) return { kind: 'obstacle', obstacle, message: messageOf(body, response.status) };
  const error = response.ok ? findFault(body) : undefined;
  const kind = response.ok && error === undefined ? 'answer' : 'failure';
  const outcome = {
    status: response.status,
    requestId: requestIdOf(response.headers),
    bodyText: body === undefined ? JSON.stringify(text.slice(0, FOREIGN_CHARACTERS_MAX)) : text.trim(),
    error,
  };
  const created = isRecord(body) ? body.created : undefined;
  const createdAt = typeof created === 'number' ? created * 1000 : undefined;
  return { kind, outcome, body, tokens: readTokens(body), createdAt };
}

/** What is kept of an answer that is no JSON, in characters. */
const FOREIGN_CHARACTERS_MAX = 10_000;

/** What the messages of an endpoint without money say where it does not answer 402. */
const SPENT = new Set(['insufficient_balance', 'insufficient_quota']);

function findObstacle(status: number, body: unknown): Obstacle | undefined {
  if (status === 401 || status === 403) return 'authentication';
  if (status === 402) return 'insufficient_balance';
  const { code, type } = errorOf(body);
  if (status === 429 && (SPENT.has(String(code)) || SPENT.has(String(type)))) return 'insufficient_balance';
  return status >= 500 && code === 'breaker_open' ? 'breaker_open' : undefined;
}

/** What makes an answer with a good status a failure all the same. */
function findFault(body: unknown): LineOutcome['error'] {
  if (!isRecord(body)) return { code: 'invalid_answer', message: 'The answer is no JSON object.' };
  if (isRecord(body.error)) return { code: 'server_error', message: messageOf(body, 200) };
  const choices = Array.isArray(body.choices) ? (body.choices as unknown[]) : [];
  const isCut = choices.some((choice) => isRecord(choice) && choice.finish_reason === 'insufficient_system_resource');
  if (!isCut) return undefined;
  return { code: 'insufficient_system_resource', message: 'The endpoint gave the answer up in the middle.' };
}

function failWithoutAnswer(code: string, message: string): Sent {
  const outcome = { status: undefined, requestId: undefined, bodyText: undefined, error: { code, message } };
  return { kind: 'failure', outcome, body: undefined, tokens: undefined, createdAt: undefined };
}

function messageOf(body: unknown, status: number): string {
  const { message } = errorOf(body);
  return typeof message === 'string' && message !== '' ? message : `The endpoint answered ${status}.`;
}

function errorOf(body: unknown): Record<string, unknown> {
  return isRecord(body) && isRecord(body.error) ? body.error : {};
}

function requestIdOf(headers: Headers): string | undefined {
  return headers.get('x-request-id') ?? headers.get('x-ds-trace-id') ?? undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
