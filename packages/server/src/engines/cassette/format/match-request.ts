/** When two requests are the same one: the form in which they are compared, and its digest. */
import { createHmac } from 'node:crypto';
import { maskSecrets, scrubPath, secretsOf } from '../scrub/secrets.js';
import type { SentRequest } from './sent-request.js';

/** Who asks, not what is asked: these are other ones with every key and account, and an answer does not depend on them. */
const ASKER_FIELDS: ReadonlySet<string> = new Set([
  'user',
  'user_id',
  'cache_salt',
  'prompt_cache_key',
  'safety_identifier',
]);

/** A request without what differs from one run to the next. */
export interface NormalisedRequest {
  readonly method: string;
  readonly path: string;
  /** JSON with its keys in order; any other body as it is, in Latin-1. */
  readonly body: string;
}

/** Keys and secrets are masked, JSON is put in order; headers do not count. */
export function normaliseRequest(request: SentRequest): NormalisedRequest {
  const { method, path, headers, body } = request;
  const text = maskSecrets(body.toString('latin1'), secretsOf(request));
  return { method, path: scrubPath(path), body: normaliseBody(text, headers.get('content-type') ?? '') };
}

/** 64 hex digits. */
export function digestRequest({ method, path, body }: NormalisedRequest, salt: string): string {
  return createHmac('sha256', salt).update(`${method} ${path}\n${body}`).digest('hex');
}

function normaliseBody(text: string, contentType: string): string {
  // The boundary is made anew for every request.
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(contentType)?.[1];
  if (boundary !== undefined) return text.replaceAll(boundary, 'boundary');
  try {
    return JSON.stringify(sortKeys(withoutAsker(JSON.parse(text))));
  } catch {
    // No JSON, or nested deeper than can be walked.
    return text;
  }
}

function withoutAsker(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !ASKER_FIELDS.has(key)));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
