/** The header `Idempotency-Key`, and what tells whether two requests of one key are the same request. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { invalidRequest } from '@plumb/wire';

/** The longest key, in characters. */
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

/** Marks an answer that was generated for an earlier request. */
export const REPLAYED_HEADER = 'idempotent-replayed';

const HEADER = 'idempotency-key';
const PRINTABLE_ASCII = new RegExp(`^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_CHARACTERS_MAX}}$`);

/** The key of a request, or undefined where it has none. Throws 400 for one that cannot be a key. */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers[HEADER];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && PRINTABLE_ASCII.test(key)) return key;
  throw invalidRequest(
    `Invalid Idempotency-Key: send 1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters, such as a UUID.`,
  );
}

/**
 * The same for two requests only if they have the same path and the same bytes in their bodies. JSON that merely means
 * the same is another request: to compare meanings would mean to know each field's defaults, and clients that try again
 * send what they sent before.
 */
export function fingerprintOf(path: string, body: Uint8Array): string {
  return createHash('sha256').update(path).update('\n').update(body).digest('hex');
}
