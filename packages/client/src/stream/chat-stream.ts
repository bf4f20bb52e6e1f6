/** An answer while it is written. */
import { send } from '../chat/send.js';
import type { ChatEvent, ChatRequest, ChatResult } from '../chat/types.js';
import type { Endpoint } from '../kit/endpoint.js';
import { linkAbort } from '../time/link-abort.js';
import { ChatAccumulator } from './accumulator.js';
import type { ReadOptions } from './read-bytes.js';
import { readChatStream } from './read-chat-stream.js';

/**
 * Asks for a stream, with its usage. Nothing is sent before the stream is read for the first time; errors come where it is
 * read, and are those of `chat`.
 */
export function stream(endpoint: Endpoint, request: ChatRequest, options: ReadOptions = {}): ChatStream {
  const asked = {
    ...request,
    stream: true,
    stream_options: { include_usage: true, ...(request.stream_options as object) },
  };
  return new ChatStream((signal) => send(endpoint, asked, signal), options);
}

/** One reader at a time: what a loop has taken does not come again. Leaving the loop ends the request. */
export class ChatStream implements AsyncIterable<ChatEvent> {
  readonly #accumulator = new ChatAccumulator();
  readonly #controller = new AbortController();
  readonly #events: AsyncGenerator<ChatEvent, void>;
  #failure: { readonly error: unknown } | undefined;

  /** @param open Sends the request. */
  constructor(open: (signal: AbortSignal) => Promise<Response>, options: ReadOptions) {
    this.#events = this.#read(open, options);
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatEvent> {
    return this.#events;
  }

  /** The pieces of the content alone. */
  async *text(): AsyncGenerator<string, void> {
    for await (const event of this.#events) if (event.type === 'content') yield event.text;
  }

  /**
   * Reads what is left and gives the whole answer; after a loop over the stream, at once.
   *
   * @throws what reading threw; KitError `stream_interrupted` when the stream was left before its end.
   */
  async final(): Promise<ChatResult> {
    if (this.#failure) throw this.#failure.error;
    for await (const _ of this.#events);
    return this.#accumulator.final();
  }

  /** Ends the request. Whoever reads gets the reason as an error. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  async *#read(
    open: (signal: AbortSignal) => Promise<Response>,
    options: ReadOptions,
  ): AsyncGenerator<ChatEvent, void> {
    const { signal } = this.#controller;
    const unlink = linkAbort(this.#controller, options.signal);
    try {
      yield* readChatStream(await open(signal), { ...options, signal }, this.#accumulator);
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      unlink();
    }
  }
}
