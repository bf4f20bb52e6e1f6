/** Finds the key in the headers of a request. */

/** The headers that can carry a key, as node:http hands them over. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-api-key'?: string | string[] | undefined;
}

/**
 * The key that a request carries: `Authorization: Bearer <key>` with the scheme in any letter case (RFC 9110, section
 * 11.1; RFC 6750, section 2.1), else `x-api-key: <key>` as the Anthropic SDKs send it. Undefined when neither is there,
 * the scheme is another one, or the key is empty.
 */
export function readCredential(headers: CredentialHeaders): string | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  const bearer = authorization === undefined ? '' : readBearer(authorization);
  if (bearer !== '') return bearer;
  const [first = ''] = typeof apiKey === 'string' ? [apiKey] : (apiKey ?? []);
  return first.trim() === '' ? undefined : first.trim();
}

const SCHEME = 'bearer ';

function readBearer(authorization: string): string {
  const value = authorization.trimStart();
  return value.slice(0, SCHEME.length).toLowerCase() === SCHEME ? value.slice(SCHEME.length).trim() : '';
}
