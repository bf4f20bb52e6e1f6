/** Fetches one file over HTTP so that it either is there whole and checked, or is not there. */
import { basename, dirname } from 'node:path';
import { type HttpAnswer, openHttp, statusError } from './http.js';
import { ModelError, withFileErrors } from './model-error.js';
import { ensureRoom, PartFile, type PartOrigin } from './part-file.js';
import { retryInterrupted } from './retry.js';
import { notify, type TransferContext } from './transfer.js';

/** What to fetch, where to put it, and what is known of it beforehand. */
export interface DownloadRequest {
  readonly url: string;
  /** The path of the finished file. Its folder exists, and nobody else writes this file meanwhile. */
  readonly destination: string;
  /** The source in messages. Default: the host of the URL. */
  readonly label?: string | undefined;
  /** The promised SHA-256, in lower-case hex. */
  readonly sha256?: string | undefined;
  /** The promised size in bytes. */
  readonly bytes?: number | undefined;
  /** The value of the `Authorization` header, for the origin of `url` alone. */
  readonly authorization?: string | undefined;
  /** A look at the whole file before it gets its name; what it throws deletes the file. */
  readonly check?: ((path: string) => Promise<unknown>) | undefined;
}

/** A file that arrived. */
export interface DownloadedFile {
  readonly bytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

/**
 * Fetches a file, going on where an earlier attempt or an earlier run stopped (RFC 9110, section 14: Range, If-Range).
 * `destination` appears in one step, once size, SHA-256 and `check` are right. When this throws, there is no
 * `destination` from it; what has arrived stays beside it for the next call, unless it proved wrong.
 *
 * Throws a ModelError: what `retryInterrupted` does not try again, `corrupt` for a wrong size or hash, `disk_full`,
 * `no_permission`, what `check` throws; or the reason of the signal.
 */
export async function downloadFile(request: DownloadRequest, context: TransferContext): Promise<DownloadedFile> {
  return await withFileErrors(dirname(request.destination), async () => {
    const part = await PartFile.open(request.destination, { url: request.url, sha256: request.sha256 }, context.signal);
    try {
      return await completePart(part, request, context);
    } finally {
      await part.close();
    }
  });
}

async function completePart(
  part: PartFile,
  request: DownloadRequest,
  context: TransferContext,
): Promise<DownloadedFile> {
  const hadBytes = part.length > 0;
  await fillPart(part, request, context);
  if (hadBytes && isWrong(part, request)) {
    // The bytes of the earlier run may be to blame, and a server without validators could not tell.
    notify(context, `What an earlier run had fetched of ${basename(request.destination)} does not fit. Starting anew.`);
    await part.restart(undefined);
    await fillPart(part, request, context);
  }
  if (isWrong(part, request)) throw await rejectPart(part, request);
  try {
    await request.check?.(part.path);
  } catch (error) {
    await part.remove();
    throw error;
  }
  const file = { bytes: part.length, sha256: part.sha256() };
  context.signal.throwIfAborted();
  await part.commit(request.destination);
  return file;
}

async function fillPart(part: PartFile, request: DownloadRequest, context: TransferContext): Promise<void> {
  await retryInterrupted(
    () => fetchRest(part, request, context),
    context,
    () => part.length,
  );
}

/** One request: asks for what is missing and adds what comes. */
async function fetchRest(part: PartFile, request: DownloadRequest, context: TransferContext): Promise<void> {
  // A whole with a promised hash needs no further word from the server: the hash decides.
  if (request.sha256 !== undefined && part.length > 0 && part.length === part.origin?.totalBytes) return;
  if (part.length > 0 && !canContinue(part, request)) await part.restart(undefined);
  const answer = await openHttp(
    { url: request.url, method: 'GET', headers: rangeHeaders(part), authorization: request.authorization },
    context,
  );
  try {
    const isThereAlready = await placeAnswer(part, answer.response, request, context);
    if (!isThereAlready) await appendBody(part, answer, request, context);
  } finally {
    await answer.close();
  }
}

/** Without a total the end could not be told; without validator and hash a change on the server could not. */
function canContinue(part: PartFile, request: DownloadRequest): boolean {
  const { totalBytes, validator } = part.origin ?? {};
  return totalBytes !== undefined && (validator !== undefined || request.sha256 !== undefined);
}

function rangeHeaders(part: PartFile): Record<string, string> {
  // A compressed answer has another length and other ranges than the file.
  const headers = { 'accept-encoding': 'identity' };
  if (part.length === 0) return headers;
  const range = { ...headers, range: `bytes=${part.length}-` };
  const validator = part.origin?.validator;
  return validator === undefined ? range : { ...range, 'if-range': validator };
}

/** Makes the part ready for the body of this answer; true when there is nothing left to read. */
async function placeAnswer(
  part: PartFile,
  response: Response,
  request: DownloadRequest,
  context: TransferContext,
): Promise<boolean> {
  const label = request.label ?? new URL(request.url).host;
  if (response.status === 206 && part.length > 0) {
    if (!fitsPart(part, response)) throw await changedMeanwhile(part, label);
    return false;
  }
  if (response.status === 416 && part.length > 0) {
    if (totalOfRange(response) === part.length && validatorFits(part, response)) return true;
    throw await changedMeanwhile(part, label);
  }
  if (response.status !== 200) throw statusError(response, label, context);
  const origin = describeWhole(response, request, label);
  await part.restart(origin);
  if (origin.totalBytes !== undefined) await ensureRoom(dirname(request.destination), origin.totalBytes);
  return false;
}

async function appendBody(
  part: PartFile,
  answer: HttpAnswer,
  request: DownloadRequest,
  context: TransferContext,
): Promise<void> {
  const totalBytes = part.origin?.totalBytes;
  const name = basename(request.destination);
  const report = () =>
    context.onProgress({ kind: 'transfer', phase: 'downloading', name, doneBytes: part.length, totalBytes });
  report();
  for await (const bytes of answer.body) {
    context.signal.throwIfAborted();
    if (totalBytes !== undefined && part.length + bytes.length > totalBytes) {
      await part.restart(undefined);
      throw new ModelError(
        'bad_answer',
        `${name}: the server sent more than the ${totalBytes} bytes that it announced.`,
      );
    }
    await part.append(bytes);
    report();
  }
  if (totalBytes === undefined || part.length === totalBytes) return;
  throw new ModelError('interrupted', `${name} broke off after ${part.length} of ${totalBytes} bytes.`);
}

function fitsPart(part: PartFile, response: Response): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (range === null || Number(range[1]) !== part.length || isEncoded(response)) return false;
  const total = part.origin?.totalBytes;
  if (total !== undefined && range[2] !== '*' && Number(range[2]) !== total) return false;
  return validatorFits(part, response);
}

/** A server that heeds Range and not If-Range gives itself away by the validator it sends along. */
function validatorFits(part: PartFile, response: Response): boolean {
  const before = part.origin?.validator;
  const now = validatorOf(response);
  return before === undefined || now === undefined || before === now;
}

function totalOfRange(response: Response): number | undefined {
  const total = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

async function changedMeanwhile(part: PartFile, label: string): Promise<ModelError> {
  await part.restart(undefined);
  return new ModelError('interrupted', `${label}: the file changed on the server.`);
}

function describeWhole(response: Response, request: DownloadRequest, label: string): PartOrigin {
  if (isEncoded(response)) {
    throw new ModelError('bad_answer', `${label}: the server compresses the file, although it was asked not to.`);
  }
  const length = response.headers.get('content-length');
  const totalBytes = length === null ? undefined : Number(length);
  const isFramed = totalBytes !== undefined || response.headers.has('transfer-encoding');
  if (!isFramed && request.sha256 === undefined) {
    // Such a body ends when the connection does, so its end cannot be told from a break.
    throw new ModelError('bad_answer', `${label}: the server does not say how long the file is.`);
  }
  if (totalBytes !== undefined && request.bytes !== undefined && totalBytes !== request.bytes) {
    throw new ModelError('corrupt', `${label}: the file has ${totalBytes} bytes, ${request.bytes} were promised.`);
  }
  return { url: request.url, sha256: request.sha256, validator: validatorOf(response), totalBytes };
}

function isEncoded(response: Response): boolean {
  return (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
}

/** A validator that If-Range may carry: a strong entity tag, or the date where there is no tag at all. */
function validatorOf(response: Response): string | undefined {
  const tag = response.headers.get('etag');
  if (tag !== null) return tag.startsWith('W/') ? undefined : tag;
  return response.headers.get('last-modified') ?? undefined;
}

function isWrong(part: PartFile, request: DownloadRequest): boolean {
  if (request.bytes !== undefined && part.length !== request.bytes) return true;
  return request.sha256 !== undefined && part.sha256() !== request.sha256;
}

async function rejectPart(part: PartFile, request: DownloadRequest): Promise<ModelError> {
  const label = request.label ?? new URL(request.url).host;
  const what =
    request.sha256 === undefined
      ? `${part.length} bytes came where ${request.bytes} were promised`
      : `its SHA-256 is ${part.sha256()}, promised was ${request.sha256}`;
  await part.remove();
  return new ModelError('corrupt', `${label} sent a wrong file: ${what}. What had arrived was deleted.`);
}
