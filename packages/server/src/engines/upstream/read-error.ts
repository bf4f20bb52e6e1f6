/** Makes sense of whatever an engine answers instead of an answer: JSON of any shape, HTML, plain text, an error event. */
import { engineFailure, type UpstreamFailure } from './failure.js';
import { isRecord } from './json.js';
import { type ResponseHeaders, readRetryAfter } from './read-retry-after.js';

/** The most of an error's body that is read, in bytes. */
export const ERROR_BODY_BYTES_MAX = 64 * 1024;
/** The most of an engine's text that is repeated to a client or in the log, in characters. */
const MESSAGE_CHARACTERS_MAX = 2000;

/** An answer that is none. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** The body, at most `ERROR_BODY_BYTES_MAX` of it. */
  readonly body: string;
  /** Epoch ms. */
  readonly now: number;
}

/** What an answer with an error status means. `redact` takes the engine's secrets out of a text. */
export function readErrorAnswer(answer: ErrorAnswer, redact: (text: string) => string): UpstreamFailure {
  const { status, headers, body, now } = answer;
  const message = redact(readMessage(body));
  return explainStatus(status, message, readRetryAfter(headers, now));
}

/**
 * What an error inside a stream or a body with status 200 means: the object itself, or undefined when it is no error.
 */
export function readErrorObject(value: unknown, redact: (text: string) => string): UpstreamFailure | undefined {
  if (!isRecord(value)) return undefined;
  const error = value.error ?? (value.object === 'error' ? value : undefined);
  if (error === undefined || error === null) return undefined;
  const message = redact(shorten(messageOf(error) ?? ''));
  return explainStatus(statusOf(error), message, undefined);
}

/** What an event with the name `error` means whose data is no error object. */
export function readErrorText(text: string, redact: (text: string) => string): UpstreamFailure {
  return engineFailure(`it sent an error event: ${redact(shorten(text))}`);
}

function explainStatus(status: number, message: string, retryAfterMs: number | undefined): UpstreamFailure {
  const said = message === '' ? '' : `: ${message}`;
  if (status === 429) return { cause: 'busy', detail: `it has too much to do (429)${said}`, retryAfterMs };
  const task = taskOf(status, message);
  if (task !== undefined) return { cause: 'operator', detail: `${task} (${status})${said}` };
  if (status < 400 || status >= 500 || status === 408)
    return engineFailure(`it answered ${status}${said}`, retryAfterMs);
  const detail = `it refused the request (${status})${said}`;
  return { cause: 'request', detail, message: message === '' ? 'The engine refused the request' : message };
}

/** What the operator has to do, when that is what an error is about. */
function taskOf(status: number, message: string): string | undefined {
  if (status >= 300 && status < 400) return 'its address leads elsewhere; mend `url` of this engine';
  // The DeepSeek API answers 400 to a name of a model that it does not serve.
  if (status === 400 && /supported API model names|Model Not Exist/i.test(message)) return OPERATOR_TASKS[404];
  return OPERATOR_TASKS[status];
}

/** What the operator has to see to, by status. */
const OPERATOR_TASKS: Readonly<Record<number, string>> = {
  401: 'it refuses the key; set `api_key` or `api_key_env` of this engine',
  402: 'its account has no money left; top it up',
  403: 'its key may not do this; set another `api_key` or `api_key_env`',
  404: 'it has no such path or model; check `url` and `model` of this engine',
  405: 'it does not take chats at this path; check `url` of this engine',
  407: 'a proxy before it asks for a password; check `url` of this engine',
};

/** The sentence that an error's body holds, whatever its shape. */
function readMessage(body: string): string {
  // Some answer with an event that says it, also with the status of an error.
  const text = body.trim().replace(/^data: */, '');
  try {
    const value: unknown = JSON.parse(text);
    return shorten(messageOf(isRecord(value) ? (value.error ?? value) : value) ?? text);
  } catch {
    return shorten(text.startsWith('<') ? titleOf(text) : text);
  }
}

/** `message`, `detail` (a text, or the list that FastAPI makes of faults in a body) or `msg`. */
function messageOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  if (Array.isArray(error)) return error.map(messageOf).filter(Boolean).join('; ') || undefined;
  if (!isRecord(error)) return undefined;
  return messageOf(error.message) ?? messageOf(error.detail) ?? messageOf(error.msg);
}

function titleOf(html: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(html)?.[1]?.trim();
  return title ? `a page named "${title}"` : 'a page of HTML';
}

/** The status that an error inside a body stands for; 500 when it does not say. */
function statusOf(error: unknown): number {
  if (!isRecord(error)) return 500;
  const status = [error.code, error.status, error.status_code].map(Number).find((code) => code >= 400 && code <= 599);
  return status ?? statusOfType(`${error.type} ${error.code}`);
}

function statusOfType(type: string): number {
  if (/rate_?limit/i.test(type)) return 429;
  if (/authentication/i.test(type)) return 401;
  if (/insufficient_(?:quota|balance)/i.test(type)) return 402;
  if (/permission/i.test(type)) return 403;
  if (/invalid_?request|bad_?request|context/i.test(type)) return 400;
  return 500;
}

/** One line, without control characters, of bounded length. */
function shorten(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').trim();
  return line.length <= MESSAGE_CHARACTERS_MAX ? line : `${line.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed()}…`;
}
