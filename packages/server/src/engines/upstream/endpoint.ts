/** Where an upstream engine is reached: its addresses and headers, and how it may be named without its secrets. */
import { createHash, createHmac } from 'node:crypto';

export class Endpoint {
  /** Scheme, host and port, without user and password. */
  readonly origin: string;
  /** For the operator: the address without user, password and query. */
  readonly shownUrl: string;
  readonly #basePath: string;
  readonly #search: string;
  readonly #apiKey: string | undefined;
  readonly #userinfo: string | undefined;
  readonly #scopes = new Map<string, string>();
  readonly #fingerprints = new Map<string, string>();

  /** @throws TypeError when `url` is no address. */
  constructor(url: string, apiKey: string | undefined) {
    const { origin, pathname, search, username, password } = new URL(url);
    this.origin = origin;
    this.#basePath = pathname.replace(/\/+$/, '');
    this.#search = search;
    this.#apiKey = apiKey;
    this.#userinfo = username === '' ? undefined : `${decode(username)}:${decode(password)}`;
    this.shownUrl = `${origin}${this.#basePath}`;
  }

  /** A path of the API, such as `/chat/completions`. */
  apiPath(path: string): string {
    return `${this.#basePath}${path}${this.#search}`;
  }

  /** A path of the API under `/beta`, in place of the version or the `/beta` that the address ends in. */
  betaPath(path: string): string {
    return `${this.#basePath.replace(/\/(?:v\d+|beta)$/, '')}/beta${path}${this.#search}`;
  }

  /** A path of the server beside its API, such as `/health`: without the version that the address ends in. */
  serverPath(path: string): string {
    return `${this.#basePath.replace(/\/v\d+$/, '')}${path}${this.#search}`;
  }

  /** A text of the engine without the secrets that it may repeat. */
  readonly redact = (text: string): string => {
    const password = this.#userinfo?.split(':').slice(1).join(':');
    const secrets = [this.#apiKey, this.#userinfo, password, this.#search.slice(1)];
    return secrets.reduce<string>((clean, secret) => (secret ? clean.replaceAll(secret, '[secret]') : clean), text);
  };

  /** The header that shows the key, none where there is nothing to show; a key wins over user and password of the address. */
  authorization(): [name: string, value: string] | [] {
    if (this.#apiKey !== undefined) return ['authorization', `Bearer ${this.#apiKey}`];
    if (this.#userinfo === undefined) return [];
    return ['authorization', `Basic ${Buffer.from(this.#userinfo).toString('base64')}`];
  }

  /** A name for a cache scope that is the same on every server with this key, and tells nothing of what it stands for. */
  hideScope(scope: string): string {
    return remember(this.#scopes, scope, () =>
      createHmac('sha256', `plumb cache scope ${this.#apiKey ?? ''}`)
        .update(scope)
        .digest('base64url'),
    );
  }

  /** The `system_fingerprint` of an engine that sends none: 32 hexadecimal characters. */
  fingerprint(kind: string, model: string): string {
    return remember(this.#fingerprints, `${kind} ${model}`, () =>
      createHash('sha256')
        .update(JSON.stringify([kind, this.shownUrl, model]))
        .digest('hex')
        .slice(0, 32),
    );
  }
}

/** The most results that are remembered of each hash; further ones push out the oldest. */
const REMEMBERED_MAX = 1000;

function remember(known: Map<string, string>, name: string, compute: () => string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= REMEMBERED_MAX) known.delete(known.keys().next().value as string);
  const computed = compute();
  known.set(name, computed);
  return computed;
}

/** A part of an address without its escapes, which may be none. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
