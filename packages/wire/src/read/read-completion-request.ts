/** From a parsed body to a completion request that cannot be wrong. */
import { CompletionRequest } from '../completions/request.js';
import { invalidRequest } from '../errors/named-errors.js';
import { checkCompletionValues } from './check-values.js';
import { checkReserved } from './reserved-text.js';
import { Shape } from './shape.js';

const shape = new Shape(CompletionRequest);

/**
 * Reads a completion request from what `parseJsonBody` made of `bytes` (contract section 8.5). Whether an engine can fill
 * a gap is not decided here.
 *
 * @throws ApiError invalid_request for the first error.
 */
export function readCompletionRequest(value: unknown, bytes: Uint8Array): CompletionRequest {
  const conforms = shape.conforms(value);
  if (!conforms) shape.check(value, bytes);
  const request = value as CompletionRequest;
  checkCompletionValues(request);
  checkSuffix(request);
  checkReserved(request.prompt);
  if (!conforms) throw shape.refuse();
  return request;
}

function checkSuffix({ suffix, echo, logprobs }: CompletionRequest): void {
  if (typeof suffix !== 'string' || suffix === '') return;
  checkReserved(suffix);
  if (echo === true) throw invalidRequest('suffix and echo cannot be used together');
  if (typeof logprobs === 'number') throw invalidRequest('suffix and logprobs cannot be used together');
}
