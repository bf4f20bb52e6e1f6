/** What a failed answer means: the one table from statuses to codes, and the endpoint's own words without its secrets. */
import { KitError, type KitErrorCode, type KitErrorDetails } from '../errors/kit-error.js';

/** How many characters of an endpoint's words an error repeats. */
const WORDS_MAX_CHARACTERS = 300;

/** How many bytes of a failed answer are read. */
const FAILURE_MAX_BYTES = 64 * 1024;

const CODES: Readonly<Record<number, KitErrorCode>> = {
  401: 'authentication',
  402: 'insufficient_balance',
  403: 'authentication',
  408: 'server_error',
  409: 'server_error',
  429: 'rate_limited',
};

/** What an HTTP status that is no success means. */
export function codeOf(status: number): KitErrorCode {
  return CODES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request');
}

const ADVICE: Partial<Record<KitErrorCode, string>> = {
  authentication: 'Check the key.',
  insufficient_balance: 'Top the account up.',
  rate_limited: 'Send less at once, or wait.',
  server_error: 'Try again later.',
};

/**
 * The error that an answer stands for, its body read.
 *
 * @param headers Those of the request: the key among them is taken out of the endpoint's words.
 */
export async function failureOf(response: Response, headers: Readonly<Record<string, string>> = {}): Promise<KitError> {
  const { status, headers: answered } = response;
  const requestId = answered.get('x-request-id') ?? answered.get('x-ds-trace-id') ?? answered.get('request-id');
  const words = redact(wordsOf(await readStart(response)), headers);
  return failure(`answered ${status}`, words, codeOf(status), { status, ...(requestId && { requestId }) });
}

/** The error that `{"error": …}` in an answer with status 200 stands for. */
export function failureIn(error: unknown): KitError {
  const { code, type } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const words = redact(wordsIn(error), {});
  return failure('failed after its answer had begun', words, codeOf(Number(code) || statusOf(`${type} ${code}`)), {});
}

/** The status that goes with the name of an error. */
function statusOf(name: string): number {
  if (/rate_limit/.test(name)) return 429;
  if (/insufficient/.test(name)) return 402;
  return /invalid_request/.test(name) ? 400 : 500;
}

function failure(what: string, words: string, code: KitErrorCode, details: KitErrorDetails): KitError {
  const said = words === '' ? '.' : `: ${words}${/[.!?…]$/.test(words) ? '' : '.'}`;
  const retryable = code === 'server_error' || code === 'rate_limited';
  return new KitError(code, `The endpoint ${what}${said} ${ADVICE[code] ?? ''}`.trim(), { ...details, retryable });
}

async function readStart({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    // Not every browser can iterate over a body.
    const reader = body?.getReader();
    for (let bytes = 0; reader && bytes < FAILURE_MAX_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return text;
      bytes += value.length;
      text += decoder.decode(value, { stream: true });
    }
    await reader?.cancel();
  } catch {
    // What had come has to do.
  }
  return text;
}

function wordsOf(text: string): string {
  try {
    const body = JSON.parse(text);
    return wordsIn(body?.error ?? body);
  } catch {
    // A page in HTML says nothing to a program.
    return text.trim().startsWith('<') ? '' : text.trim();
  }
}

function wordsIn(error: unknown): string {
  const { message, detail } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const words = message ?? detail ?? error ?? '';
  return typeof words === 'string' ? words : JSON.stringify(words);
}

function redact(words: string, headers: Readonly<Record<string, string>>): string {
  let text = words;
  for (const [name, value] of Object.entries(headers)) {
    const secret = /auth|key|token/i.test(name) ? value.split(' ').pop() : '';
    if (secret) text = text.replaceAll(secret, '***');
  }
  text = text.replace(/\b(sk-|Bearer )[\w.-]{6,}/g, '$1***');
  return text.length > WORDS_MAX_CHARACTERS ? `${text.slice(0, WORDS_MAX_CHARACTERS)}…` : text;
}
