/** One question, one answer. */
import type { Endpoint } from '../kit/endpoint.js';
import type { ReadOptions } from '../stream/read-bytes.js';
import { readChatStream } from '../stream/read-chat-stream.js';
import { send } from './send.js';
import type { ChatRequest, ChatResult } from './types.js';

/**
 * Asks and waits for the whole answer. An answer that was cut by `max_tokens` or refused by a filter is an answer: its
 * `finishReason` says so.
 *
 * @throws KitError by the status of the answer; `invalid_answer` when it is none of the contract; `stream_interrupted`
 * when it was cut or the endpoint ran out of resources; `timeout` when nothing came for too long.
 * @throws the reason of the signal, once it is aborted.
 */
export async function chat(endpoint: Endpoint, request: ChatRequest, options: ReadOptions = {}): Promise<ChatResult> {
  const events = readChatStream(await send(endpoint, request, options.signal), options);
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value;
  }
}
