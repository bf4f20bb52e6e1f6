/** A request on its way to an upstream, as recording and replaying look at it. */
import type { Dispatcher } from 'undici';

export interface SentRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in small letters; several values of one name are joined. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Reads what is dispatched. Bodies are texts or bytes: nothing here sends streams. */
export function readSentRequest({ method, path, headers, body }: Dispatcher.DispatchOptions): SentRequest {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body as string) : Buffer.alloc(0);
  return { method, path, headers: joinHeaders(pairsOf(headers)), body: bytes };
}

function pairsOf(headers: Dispatcher.DispatchOptions['headers']): [string, string][] {
  if (headers === undefined || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return pairHeaders(headers as string[]);
}

/** Names and values that follow each other, as pairs. */
export function pairHeaders(flat: readonly (string | Buffer)[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([textOf(flat[at]), textOf(flat[at + 1])]);
  return pairs;
}

/** Bytes of headers are Latin-1 (RFC 9110, section 5.5). */
function textOf(value: string | Buffer | undefined): string {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '');
}

function joinHeaders(pairs: readonly [string, string][]): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const before = joined.get(key);
    joined.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return joined;
}
