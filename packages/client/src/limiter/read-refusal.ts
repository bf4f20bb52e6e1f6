/** Reads when a refusal says to come again; the texts of refusals follow. */
import type { Refusal } from './limiter.js';
export function readRefusal(_s: number, headers: Headers, _t: string): Refusal {
  const r = headers.get('retry-after');
  return r === null ? {} : { retryAfterMs: Number(r) * 1000 };
}
