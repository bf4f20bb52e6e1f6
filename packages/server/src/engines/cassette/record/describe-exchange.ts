/** What of an exchange goes into a cassette: all of it but its secrets, and its prompts and answers where that is wished. */
import { writeBytes } from '../format/bytes.js';
import type { ExchangeLine, Prompts, RecordedRequest, RecordedResponse } from '../format/lines.js';
import { digestRequest, normaliseRequest } from '../format/match-request.js';
import type { SentRequest } from '../format/sent-request.js';
import { fillBody } from '../scrub/fill-body.js';
import { maskBody } from '../scrub/mask-body.js';
import {
  isSecretHeader,
  isSecretResponseHeader,
  maskSecrets,
  SCRUBBED,
  scrubPath,
  secretsOf,
} from '../scrub/secrets.js';
import type { CapturedExchange, CapturedResponse } from './capture.js';
import { unpackChunks } from './unpack-chunks.js';

export interface DescribeOptions {
  readonly prompts: Prompts;
  readonly salt: string;
  readonly upstream: string;
}

/** An answer that cannot be looked into is not written: a key may be in it. */
export const UNREADABLE = 'its answer is packed in a way that cannot be searched for keys';

/** The line of an exchange; a sentence when it is to be left out. */
export async function describeExchange(
  { startedAt, request, response, endedAt, error }: CapturedExchange,
  options: DescribeOptions,
): Promise<ExchangeLine | string> {
  const secrets = secretsOf(request);
  const answer = response === undefined ? undefined : await describeResponse(response, secrets, options.prompts);
  if (answer === null) return UNREADABLE;
  return {
    recorded_at: new Date(startedAt).toISOString(),
    upstream: options.upstream,
    request: describeRequest(request, secrets, options),
    ...(answer === undefined ? {} : { response: answer }),
    end: { at: endedAt, ...(error === undefined ? {} : { error: describeError(error, secrets) }) },
  };
}

function describeRequest(request: SentRequest, secrets: readonly string[], options: DescribeOptions): RecordedRequest {
  const { method, path, headers, body } = request;
  const cleanPath = scrubPath(path);
  const cleanHeaders = Object.fromEntries(
    [...headers].map(([name, value]) => [name, isSecretHeader(name) ? SCRUBBED : maskSecrets(value, secrets)]),
  );
  if (options.prompts === 'scrubbed') {
    const match = digestRequest(normaliseRequest(request), options.salt);
    const path = cleanPath.replace(/\?.*/, (query) => query.replace(/[^?&=]/g, 'x'));
    return { method, path, headers: cleanHeaders, ...describeScrubbedBody(body), match };
  }
  if (body.length === 0) return { method, path: cleanPath, headers: cleanHeaders };
  return { method, path: cleanPath, headers: cleanHeaders, body: writeBody(maskBody(body, secrets)) };
}

/** As JSON where that can be read by people and gives the same bytes. */
function writeBody(body: Buffer): NonNullable<RecordedRequest['body']> {
  const written = writeBytes(body);
  if (written.text === undefined) return written;
  try {
    const json: unknown = JSON.parse(written.text);
    return JSON.stringify(json) === written.text ? { json } : written;
  } catch {
    return written;
  }
}

function describeScrubbedBody(body: Buffer): { body?: NonNullable<RecordedRequest['body']> } {
  if (body.length === 0) return {};
  const model = modelOf(body);
  return { body: { bytes: body.length, ...(model === undefined ? {} : { model }) } };
}

function modelOf(body: Buffer): string | undefined {
  try {
    const { model } = JSON.parse(body.toString()) as { model?: unknown };
    return typeof model === 'string' ? maskSecrets(model, []) : undefined;
  } catch {
    return undefined;
  }
}

/** Null when it cannot be looked into. */
async function describeResponse(
  response: CapturedResponse,
  secrets: readonly string[],
  prompts: Prompts,
): Promise<RecordedResponse | null> {
  const { at, status, reason, chunks } = response;
  const packed = chunks.map(({ bytes }) => bytes);
  const encoding = response.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1].trim() ?? '';
  const readable = await unpackChunks(packed, encoding);
  if (readable === undefined) return null;
  const body = Buffer.concat(readable);
  const masked = maskBody(body, secrets);
  const clean = prompts === 'scrubbed' ? fillBody(masked) : masked;
  // What had to be changed can only be written as it reads unpacked.
  const isChanged = !clean.equals(body);
  const isUnpacked = isChanged && !(encoding === '' || encoding === 'identity');
  const written = isChanged ? cutLike(clean, readable) : packed;
  return {
    ...{ at, status, reason: maskSecrets(reason, secrets) },
    headers: writeHeaders(response.headers, secrets, isUnpacked ? clean.length : undefined),
    chunks: chunks.map((chunk, index) => ({ at: chunk.at, ...writeBytes(written[index] ?? Buffer.alloc(0)) })),
  };
}

/** The bytes in pieces of the same lengths. */
function cutLike(bytes: Buffer, pieces: readonly Buffer[]): Buffer[] {
  let start = 0;
  return pieces.map(({ length }) => {
    start += length;
    return bytes.subarray(start - length, start);
  });
}

/** @param unpackedLength The length of a body that is no longer packed. */
function writeHeaders(
  headers: CapturedResponse['headers'],
  secrets: readonly string[],
  unpackedLength: number | undefined,
): [string, string][] {
  return headers
    .filter(([name]) => !isSecretResponseHeader(name))
    .filter(([name]) => unpackedLength === undefined || name.toLowerCase() !== 'content-encoding')
    .map(([name, value]) => {
      const isLength = unpackedLength !== undefined && name.toLowerCase() === 'content-length';
      return [name, isLength ? String(unpackedLength) : maskSecrets(value, secrets)];
    });
}

function describeError(error: Error, secrets: readonly string[]) {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : codeOfFirst(error);
  const message = maskSecrets(error.message, secrets);
  return { ...(code === undefined ? {} : { code }), name: error.name, message };
}

/** A name with several addresses fails with all of them. */
function codeOfFirst(error: Error): string | undefined {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined;
}
