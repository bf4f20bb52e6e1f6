/** From a parsed body to a request that cannot be wrong: first its shape, then its values, then its conversation. */
import { ChatRequest } from '../chat/request.js';
import { checkImages } from './check-images.js';
import { checkJsonWord, checkMessages } from './check-messages.js';
import { checkToolPairing } from './check-tool-pairing.js';
import { checkTools } from './check-tools.js';
import { checkValues } from './check-values.js';
import { Shape } from './shape.js';

const shape = new Shape(ChatRequest);

/**
 * Reads a chat request from what `parseJsonBody` made of `bytes`; the bytes are looked at again only to say where an
 * error is. The messages of the result are those of `value`, not copies. Whether an engine can do what is asked for is
 * not decided here.
 *
 * @throws ApiError invalid_request, or unprocessable where `thinking` is not an object: for the first error in the
 * order in which the API looks for them.
 */
export function readChatRequest(value: unknown, bytes: Uint8Array): ChatRequest {
  const conforms = shape.conforms(value);
  if (!conforms) shape.check(value, bytes);
  const request = value as ChatRequest;
  checkValues(request);
  checkTools(request);
  checkMessages(request.messages);
  checkToolPairing(request.messages);
  checkImages(request.messages);
  checkJsonWord(request);
  // The schema also holds ranges, which the checks above have put into words; this is for one that they forgot.
  if (!conforms) throw shape.refuse();
  return withOneTokenLimit(request);
}

/** One limit under its first name: the smaller of the two, so that naming both never widens one. */
function withOneTokenLimit(request: ChatRequest): ChatRequest {
  // Most requests have no other name, and are not copied to find that out.
  if (request.max_completion_tokens === undefined) return request;
  const { max_completion_tokens: alias, ...rest } = request;
  if (alias === null) return rest;
  return { ...rest, max_tokens: Math.min(alias, request.max_tokens ?? alias) };
}
