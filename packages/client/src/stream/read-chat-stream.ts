/** Reads the answer to a chat, streamed or buffered, as events; what goes wrong on the way says how far it came. */
import type { ChatChunk, ChatEvent, ChatResult } from '../chat/types.js';
import { KitError } from '../errors/kit-error.js';
import { withPartial } from '../errors/with-partial.js';
import { ANSWER_MAX_CHARACTERS, ChatAccumulator } from './accumulator.js';
import { type Progress, type ReadOptions, readBytes } from './read-bytes.js';
import { readEvents } from './read-events.js';

/**
 * The events of an answer; the whole answer is what the generator returns, and what `accumulator` holds. A buffered
 * answer, which some endpoints send although a stream was asked for, comes as if it were one chunk.
 *
 * @throws KitError `stream_interrupted`, with what had come in `partial`, when the answer was cut, stalled or failed on its
 * way. When nothing had come: `connection`, `timeout`, or what the endpoint's error stands for. `invalid_answer` when it is
 * none of the contract.
 * @throws the reason of the signal, once it is aborted.
 */
export async function* readChatStream(
  response: Response,
  options: ReadOptions = {},
  accumulator: ChatAccumulator = new ChatAccumulator(),
): AsyncGenerator<ChatEvent, ChatResult> {
  const progress: Progress = { hasBegun: false };
  try {
    const type = response.headers.get('content-type') ?? 'event-stream';
    const chunks = type.includes('event-stream')
      ? readChunks(response, options)
      : readAnswer(response, options, progress);
    for await (const chunk of chunks) {
      const events = accumulator.add(chunk);
      progress.hasBegun = true;
      yield* events;
    }
    if (!progress.hasBegun) throw new KitError('connection', 'The stream ended before it began.', { retryable: true });
    return accumulator.final();
  } catch (cause) {
    const isAbort = options.signal?.aborted && cause === options.signal.reason;
    throw progress.hasBegun && !isAbort ? interrupted(cause, accumulator) : cause;
  }
}

async function* readChunks(response: Response, options: ReadOptions): AsyncGenerator<ChatChunk, void> {
  for await (const { data } of readEvents(response, options)) yield parseChunk(data);
}

/** A buffered answer: endpoints keep its connection alive with blank lines before it. */
async function* readAnswer(
  response: Response,
  options: ReadOptions,
  progress: Progress,
): AsyncGenerator<ChatChunk, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of readBytes(response, options, progress)) {
    text += decoder.decode(bytes, { stream: true });
    if (!progress.hasBegun) text = text.trimStart();
    progress.hasBegun = text !== '';
    if (text.length > ANSWER_MAX_CHARACTERS) throw new KitError('invalid_answer', 'The answer is too long to be one.');
  }
  const answer = parseChunk(text);
  // An error that came instead of an answer is as if nothing had come.
  progress.hasBegun = false;
  if (!answer.error && !answer.choices?.length) throw new KitError('invalid_answer', 'The answer has no choices.');
  yield answer;
}

function parseChunk(text: string): ChatChunk {
  try {
    const chunk = JSON.parse(text);
    if (typeof chunk === 'object' && chunk !== null) return chunk;
  } catch {
    // The same as any other value that is no object.
  }
  const what = text === '' ? 'is empty, or nothing but blank lines' : 'is no JSON object';
  throw new KitError('invalid_answer', `What the endpoint sent ${what}.`, { retryable: true });
}

/** The same error with what had come. */
function interrupted(cause: unknown, accumulator: ChatAccumulator): unknown {
  if (!KitError.is(cause)) return cause;
  return withPartial(cause, accumulator.result(), cause.code === 'invalid_answer' ? cause.code : 'stream_interrupted');
}
