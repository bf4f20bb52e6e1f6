/** Sends one chat request through an endpoint's `fetch`: a good answer comes back, everything else is an error. */
import { KitError } from '../errors/kit-error.js';
import type { Endpoint } from '../kit/endpoint.js';
import { failureOf } from './failure.js';
import type { ChatRequest } from './types.js';

/**
 * `POST /chat/completions`.
 *
 * @throws KitError by the status of the answer; `connection` when there was none.
 * @throws the reason of the signal, once it is aborted.
 */
export async function send(endpoint: Endpoint, request: ChatRequest, signal?: AbortSignal): Promise<Response> {
  // Browsers allow their `fetch` no other `this` than none.
  const { fetch, baseUrl } = endpoint;
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...endpoint.headers() },
    body: JSON.stringify(request),
    signal: signal ?? null,
  }).catch((cause) => {
    signal?.throwIfAborted();
    throw new KitError('connection', 'The endpoint could not be reached. Check its address.', {
      retryable: true,
      cause,
    });
  });
  if (response.ok) return response;
  throw await failureOf(response);
}
