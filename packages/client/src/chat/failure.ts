/** What a failed answer stands for, from an endpoint or from the kit's own fetch, which tells its attempts. */
import { parseObject, readError, type WrittenError } from '../dialects/dialect.js';
import { type Attempt, KitError, type KitErrorCode, type KitErrorDetails } from '../errors/kit-error.js';
import { scrub } from '../errors/scrub.js';
import { codeOf, requestIdOf } from '../fetch/failure.js';

/** How many characters of a failed answer are read: no error is longer, but pages of proxies are. */
const FAILURE_MAX_CHARACTERS = 65_536;

/** Codes of the kit's fetch that no status has. */
const OWN_CODE = /^(?:connection|timeout|breaker_open|invalid_answer)$/;

/** The error that an answer without success stands for, its body read. */
export async function failureOf(response: Response): Promise<KitError> {
  const { status, headers } = response;
  const text = (await response.text().catch(() => '')).slice(0, FAILURE_MAX_CHARACTERS).trim();
  const body = parseObject(text);
  // A page in HTML says nothing to a program; FastAPI writes a `detail`.
  const message = body?.detail ? JSON.stringify(body.detail) : body || text.startsWith('<') ? '' : text;
  const attempts = (body?.error as { attempts?: readonly Attempt[] } | undefined)?.attempts;
  const requestId = requestIdOf(headers);
  const details = { status, ...(requestId && { requestId }), ...(attempts && { attempts }) };
  return toKitError(`answered ${status}`, (body && readError(body)) ?? { message }, status, details);
}

/** The error that a chunk or an answer with status 200 stands for; undefined when it has none. */
export function failureIn(chunk: object): KitError | undefined {
  const error = readError(chunk as Record<string, unknown>);
  return error && toKitError('failed after its answer had begun', error, Number(error.code) || statusOf(error), {});
}

/** The status that goes with the name of an error. */
function statusOf({ type, code }: WrittenError): number {
  const name = `${type} ${code}`;
  if (/rate_limit/.test(name)) return 429;
  if (/insufficient/.test(name)) return 402;
  return /invalid_request/.test(name) ? 400 : 500;
}

function toKitError(what: string, error: WrittenError, status: number, details: KitErrorDetails): KitError {
  const code = OWN_CODE.test(`${error.code}`) ? (error.code as KitErrorCode) : codeOf(status, error);
  const words = scrub(error.message);
  const said = /[.!?…]$/.test(words) ? words : `${words}.`;
  // What is left are refusals that the same request would meet again.
  const retryable = !/^(?:authentication|insufficient_balance|invalid_request)$/.test(code);
  return new KitError(code, `The endpoint ${what}${words && ': '}${said}`, { ...details, retryable });
}
