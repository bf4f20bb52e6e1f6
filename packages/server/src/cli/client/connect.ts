/** Makes the endpoint that the commands talk through. */
import type { Endpoint } from '@plumb/client';
import { packageVersion } from '../../assemble/package-version.js';
import type { Target } from './resolve-endpoint.js';

/** The endpoint of a target. */
export function connect({ baseUrl, key }: Target): Endpoint {
  const headers = { authorization: `Bearer ${key.key}`, 'user-agent': `plumb/${packageVersion()}` };
  return { baseUrl, headers: () => headers, fetch: globalThis.fetch };
}
