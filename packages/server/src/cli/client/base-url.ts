/** Base URLs of endpoints: where they come from they are texts, from here on they are right. */
import { CliError, ExitCode } from '../exit-code.js';

/** A base URL without a slash at its end. Throws a CliError that names where it came from. */
export function readBaseUrl(text: string, origin: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError(`${origin} must be an http(s) address such as https://api.deepseek.com.`, ExitCode.usage);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CliError(
      `${origin} must be an address alone, without user, password or parameters: the key goes elsewhere.`,
      ExitCode.usage,
    );
  }
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

/** Whether two base URLs are of the same server. A key may be sent within a server, and not beyond. */
export function isSameOrigin(one: string, other: string): boolean {
  return new URL(one).origin === new URL(other).origin;
}

/**
 * Where the completions of an endpoint are: under `/beta` for DeepSeek and for us, beside the chats for everybody else, so
 * they are asked in this order.
 */
export function completionUrls(baseUrl: string): readonly [string, string] {
  return [`${baseUrl.replace(/\/(?:v1|beta)$/, '')}/beta/completions`, `${baseUrl}/completions`];
}
