/** What every body has to be: JSON, as it is. */
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, unsupportedMediaType } from '@plumb/wire';

/** Throws 415 unless the headers announce JSON that is not compressed. */
export function requireJson(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('unsupported_media_type', 'A Content-Encoding is not supported: send the body as it is.');
  }
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw unsupportedMediaType();
  }
}

/** `application/json` and its relatives such as `application/vnd.api+json`, with any parameters. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
