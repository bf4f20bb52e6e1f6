/** Takes keys out of everything that goes into a cassette. A mask is as long as what it hides, so that lengths stay true. */
import type { SentRequest } from '../format/sent-request.js';

/** What stands in a cassette in place of the value of a header that holds a secret. */
export const SCRUBBED = '[scrubbed]';

/** A shorter secret is no secret, and taking it out would garble texts. */
const SECRET_MIN_CHARACTERS = 8;

/** Names of request headers that hold secrets, and of parameters in addresses. */
const SECRET_NAME = /auth|api[-_]?key|^key$|token|secret|cookie|credential|passw|session|signature/i;
/** Headers of answers that do. Others of such names only count tokens. */
const SECRET_RESPONSE_HEADERS: ReadonlySet<string> = new Set([
  'set-cookie',
  'set-cookie2',
  'authorization',
  'x-api-key',
]);

/** What looks like a key, wherever it comes from: the prefixes of model vendors and of the services beside them. */
const KEY_LIKE =
  /\b(?:(?:sk-|sk_|gsk_|xai-|pplx-|nvapi-|hf_|r8_|gh[opsu]_|github_pat_|glpat-|xox[abp]-|AIza|AKIA)[A-Za-z0-9_-]{8,}|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*)/g;
/** A token without a digit is more likely a word after another. */
const BEARER_LIKE = /\b(bearer\s+)((?=\S*\d)[A-Za-z0-9_.~+/=-]{16,})/gi;

/** The secrets that a request shows: its key, its cookies, what its address holds. The longest first. */
export function secretsOf({ headers, path }: SentRequest): string[] {
  const values = [...headers].filter(([name]) => isSecretHeader(name)).flatMap(([, value]) => partsOfHeader(value));
  for (const [name, value] of parametersOf(path)) if (SECRET_NAME.test(name)) values.push(value);
  const secrets = values.filter((value) => value.length >= SECRET_MIN_CHARACTERS);
  return [...new Set(secrets)].sort((one, other) => other.length - one.length);
}

/** Whether a header of a request holds a secret. */
export function isSecretHeader(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Whether a header of an answer does. */
export function isSecretResponseHeader(name: string): boolean {
  return SECRET_RESPONSE_HEADERS.has(name.toLowerCase());
}

/** The text, in Latin-1 or not, with every key and every one of `secrets` masked; as long as before. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, () => 'x'.repeat(secret.length));
  return clean
    .replace(KEY_LIKE, (key) => key.slice(0, 3) + 'x'.repeat(key.length - 3))
    .replace(BEARER_LIKE, (_, scheme: string, key: string) => scheme + 'x'.repeat(key.length));
}

/** The path with the values of secret parameters masked, and keys wherever they stand in it. */
export function scrubPath(path: string): string {
  const clean = path.replace(/([?&])([^=&]*)=([^&]*)/g, (whole, mark: string, name: string, value: string) =>
    SECRET_NAME.test(name) ? `${mark}${name}=${'x'.repeat(value.length)}` : whole,
  );
  return maskSecrets(clean, []);
}

function parametersOf(path: string): [string, string][] {
  return [...path.matchAll(/[?&]([^=&]*)=([^&]*)/g)].map(([, name = '', value = '']) => [name, value]);
}

/** `Bearer key`, `Basic base64`, `name=value; name=value`: what of it is secret. */
function partsOfHeader(value: string): string[] {
  const words = value.split(/[\s;,]+/).flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]);
  const basic = /^basic\s+(\S+)/i.exec(value)?.[1];
  if (basic === undefined) return words;
  const userinfo = Buffer.from(basic, 'base64').toString();
  return [...words, userinfo, userinfo.slice(userinfo.indexOf(':') + 1)];
}
