/** The rules on single values of a request: ranges and lengths, in the order and the words of the API. */
import type { ChatRequest, sharedFields } from '../chat/request.js';
import type { CompletionRequest } from '../completions/request.js';
import { invalidRequest } from '../errors/named-errors.js';
import {
  MAX_COMPLETION_TOKENS,
  MAX_INFILL_TOKENS,
  MAX_PENALTY,
  MAX_STOP_SEQUENCES,
  MAX_TEMPERATURE,
  MAX_TOP_LOGPROBS,
  MAX_TOP_P,
  MAX_USER_ID_CHARACTERS,
} from '../limits.js';

/**
 * Checks every value of a chat request that has a range of its own.
 *
 * @throws ApiError invalid_request for the first one that is outside.
 */
export function checkValues(request: ChatRequest): void {
  checkFirst(request);
  checkTokenLimit('max_tokens', request.max_tokens, MAX_COMPLETION_TOKENS);
  checkTokenLimit('max_completion_tokens', request.max_completion_tokens, MAX_COMPLETION_TOKENS);
  checkSampling(request);
  checkTopLogprobs(request);
  checkLast(request);
}

/**
 * Checks every value of a completion request that has a range of its own.
 *
 * @throws ApiError invalid_request for the first one that is outside.
 */
export function checkCompletionValues(request: CompletionRequest): void {
  checkFirst(request);
  checkTokenLimit('max_tokens', request.max_tokens, MAX_INFILL_TOKENS);
  checkSampling(request);
  const { logprobs } = request;
  if (isGiven(logprobs) && (logprobs < 0 || logprobs > MAX_TOP_LOGPROBS)) {
    throw outOfRange('logprobs', `[0, ${MAX_TOP_LOGPROBS}]`);
  }
  checkLast(request);
}

/** What both kinds of request have. */
type SharedValues = Pick<ChatRequest, keyof typeof sharedFields>;

function checkFirst({ n, frequency_penalty, presence_penalty }: SharedValues): void {
  if (isGiven(n) && n !== 1) throw invalidRequest('Invalid n value (currently only n = 1 is supported)');
  checkPenalty('frequency_penalty', frequency_penalty);
  checkPenalty('presence_penalty', presence_penalty);
}

function checkLast({ stop, seed, user_id, stream, stream_options }: SharedValues): void {
  checkStop(stop);
  checkSeed(seed);
  checkUserId(user_id);
  if (isGiven(stream_options) && stream !== true) {
    throw invalidRequest('stream_options should be set along with stream = true');
  }
}

/** Null means the same as an absent key everywhere in the request. */
function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

function checkPenalty(name: string, value: number | null | undefined): void {
  if (isGiven(value) && Math.abs(value) > MAX_PENALTY) {
    throw invalidRequest(`${name} must be in [-${MAX_PENALTY}, ${MAX_PENALTY}]`);
  }
}

function checkTokenLimit(name: string, value: number | null | undefined, most: number): void {
  if (isGiven(value) && (value < 1 || value > most)) throw outOfRange(name, `[1, ${most}]`);
}

function checkSampling({ temperature, top_p }: SharedValues): void {
  if (isGiven(temperature) && (temperature < 0 || temperature > MAX_TEMPERATURE)) {
    throw outOfRange('temperature', `[0, ${MAX_TEMPERATURE}]`);
  }
  if (isGiven(top_p) && (top_p <= 0 || top_p > MAX_TOP_P)) throw outOfRange('top_p', `(0, ${MAX_TOP_P.toFixed(1)}]`);
}

function checkTopLogprobs({ top_logprobs, logprobs }: ChatRequest): void {
  if (!isGiven(top_logprobs)) return;
  if (top_logprobs < 0 || top_logprobs > MAX_TOP_LOGPROBS) throw outOfRange('top_logprobs', `[0, ${MAX_TOP_LOGPROBS}]`);
  if (logprobs !== true) throw invalidRequest('top_logprobs should be set along with logprobs = true');
}

function checkStop(stop: ChatRequest['stop']): void {
  if (Array.isArray(stop) && stop.length > MAX_STOP_SEQUENCES) {
    throw invalidRequest(`ChatCompletionStopSequences string array too long: ${stop.length}`);
  }
}

/** Seeds are 63-bit; what JSON can say beyond 2^53 has lost its last digits, which does no harm to a seed. */
const SEED_LIMIT = 2 ** 63;

function checkSeed(seed: number | null | undefined): void {
  if (isGiven(seed) && (seed < 0 || seed >= SEED_LIMIT)) throw outOfRange('seed', '[0, 9223372036854775807]');
}

/** @throws ApiError invalid_request when it is too long. */
export function checkUserId(userId: string | null | undefined): void {
  if (!isGiven(userId) || userId.length <= MAX_USER_ID_CHARACTERS) return;
  const length = [...userId].length;
  if (length > MAX_USER_ID_CHARACTERS) {
    throw invalidRequest(
      `Invalid 'user_id': string too long. Expected a string with maximum length ${MAX_USER_ID_CHARACTERS}, ` +
        `but got a string with length ${length} instead`,
    );
  }
}

function outOfRange(name: string, range: string): Error {
  return invalidRequest(`Invalid ${name} value, the valid range of ${name} is ${range}`);
}
