/** From a parsed body to a request that cannot be wrong: first its shape, then its values, then its conversation. */
import { Compile, type Validator } from 'typebox/compile';
import { ChatRequest } from '../chat/request.js';
import type { ApiError } from '../errors/api-error.js';
import { invalidRequest, unprocessable } from '../errors/named-errors.js';
import { locate } from '../json/locate.js';
import { formatFault, positionAt } from '../json/path.js';
import { checkImages } from './check-images.js';
import { checkJsonWord, checkMessages } from './check-messages.js';
import { checkToolPairing } from './check-tool-pairing.js';
import { checkTools } from './check-tools.js';
import { checkValues } from './check-values.js';
import type { SchemaNode } from './expectation.js';
import { findMismatch, type Mismatch } from './mismatch.js';

/**
 * Reads a chat request from what `parseJsonBody` made of `bytes`; the bytes are looked at again only to say where an
 * error is. The messages of the result are those of `value`, not copies. Whether an engine can do what is asked for is
 * not decided here.
 *
 * @throws ApiError invalid_request, or unprocessable where `thinking` is not an object: for the first error in the
 * order in which the API looks for them.
 */
export function readChatRequest(value: unknown, bytes: Uint8Array): ChatRequest {
  const conforms = shape().Check(value);
  if (!conforms) checkShape(value, bytes);
  const request = value as ChatRequest;
  checkValues(request);
  checkTools(request);
  checkMessages(request.messages);
  checkToolPairing(request.messages);
  checkImages(request.messages);
  checkJsonWord(request);
  // The schema also holds ranges, which the checks above have put into words; this is for one that they forgot.
  if (!conforms) throw invalidRequest(DESERIALIZATION_FAILED);
  return withOneTokenLimit(request);
}

const DESERIALIZATION_FAILED = 'Failed to deserialize the JSON body into the target type';

let compiled: Validator | undefined;

/** The compiled schema, made when the first request comes: compiling takes milliseconds, and not every importer reads. */
function shape(): Validator {
  compiled ??= Compile(ChatRequest);
  return compiled;
}

function checkShape(value: unknown, bytes: Uint8Array): void {
  const mismatch = findMismatch(ChatRequest as SchemaNode, value);
  if (mismatch !== undefined) throw refusal(mismatch, bytes);
}

function refusal({ path, text, at }: Mismatch, bytes: Uint8Array): ApiError {
  const index = locate(bytes, path, at);
  const position = index === undefined ? undefined : positionAt(bytes, index);
  const message = `${DESERIALIZATION_FAILED}: ${formatFault(path, text, position)}`;
  const isThinkingItself = at === 'value' && path.length === 1 && path[0] === 'thinking';
  return isThinkingItself ? unprocessable(message) : invalidRequest(message);
}

/** One limit under its first name: the smaller of the two, so that naming both never widens one. */
function withOneTokenLimit(request: ChatRequest): ChatRequest {
  const { max_completion_tokens: alias, ...rest } = request;
  if (alias === undefined) return request;
  if (alias === null) return rest;
  return { ...rest, max_tokens: Math.min(alias, request.max_tokens ?? alias) };
}
