/** The ids of requests and of what is written for them. */
import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7 (RFC 9562, section 5.7): those of later times sort after those of earlier ones, so that a database
 * adds their rows at the end of its indexes, where random ones would change a page for every row.
 *
 * @param now Epoch ms.
 */
export function createRequestId(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}
