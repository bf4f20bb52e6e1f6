/** From a parsed body to a request for embeddings that cannot be wrong. */
import { type EmbeddingInput, EmbeddingRequest } from '../embeddings/request.js';
import { invalidRequest } from '../errors/named-errors.js';
import { MAX_EMBEDDING_INPUTS } from '../limits.js';
import { checkUserId } from './check-values.js';
import { kindOf } from './expectation.js';
import { Shape } from './shape.js';

const shape = new Shape(EmbeddingRequest);

/**
 * Reads a request for embeddings from what `parseJsonBody` made of `bytes`. Whether tokens are of the model's vocabulary,
 * and how long an input may be, is for the engine to say.
 *
 * @throws ApiError invalid_request for the first error.
 */
export function readEmbeddingRequest(value: unknown, bytes: Uint8Array): EmbeddingRequest {
  const conforms = shape.conforms(value);
  if (!conforms) shape.check(value, bytes);
  const request = value as EmbeddingRequest;
  checkInput(request.input);
  checkUserId(request.user_id);
  if (typeof request.dimensions === 'number' && request.dimensions < 1) {
    throw invalidRequest('Invalid dimensions value, dimensions must be at least 1');
  }
  if (!conforms) throw shape.refuse();
  return request;
}

/** The inputs one by one: texts, or lists of tokens. */
export function inputsOf(input: EmbeddingInput): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input];
  return typeof input[0] === 'number' ? [input as number[]] : (input as string[] | number[][]);
}

function checkInput(input: EmbeddingInput): void {
  if (Array.isArray(input) && new Set(input.map(kindOf)).size > 1) {
    throw invalidRequest('Invalid input: a list holds texts, or tokens, or lists of tokens, not a mixture');
  }
  const inputs = inputsOf(input);
  if (input.length === 0 || inputs.some(({ length }) => length === 0)) {
    throw invalidRequest('Invalid input: it must not be empty, and none of its texts and lists may be');
  }
  if (inputs.length > MAX_EMBEDDING_INPUTS) {
    throw invalidRequest(
      `Invalid 'input': array too long. Expected an array with maximum length ${MAX_EMBEDDING_INPUTS}, ` +
        `but got an array with length ${inputs.length} instead`,
    );
  }
}
