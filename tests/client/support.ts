/** What tests of the toolkit share: endpoints, answers as an endpoint writes them, and a clock that a test moves. */
import type { ChatEvent } from '#client/chat/types.js';
import { KitError, type KitErrorCode } from '#client/errors/kit-error.js';
import type { Endpoint } from '#client/kit/endpoint.js';
import type { Clock } from '#client/time/clock.js';
import { jsonOf, type Script, type Step, streamOf } from '../support/scripted-upstream.js';

/** A server without the patterns of the kit, with the platform's own fetch. */
export function endpointOf(baseUrl: string, key = 'sk-test-key-1234'): Endpoint {
  return { baseUrl, headers: () => ({ authorization: `Bearer ${key}` }), fetch: globalThis.fetch };
}

export const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

export interface AnswerParts {
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly object[];
}

/** A call as endpoints write it. */
export function callOf(id: string, name: string, input: unknown, index = 0) {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  return { index, id, type: 'function', function: { name, arguments: text } };
}

/** A buffered answer. */
export function answerOf(message: AnswerParts, finishReason?: string): object {
  const reason = finishReason ?? (message.tool_calls ? 'tool_calls' : 'stop');
  return {
    id: 'chat-1',
    object: 'chat.completion',
    model: 'far',
    choices: [{ index: 0, message: { role: 'assistant', content: '', ...message }, finish_reason: reason }],
    usage: USAGE,
  };
}

export const answering = (message: AnswerParts, finishReason?: string): Script =>
  jsonOf(answerOf(message, finishReason));

/** A chunk of a stream as a server-sent event. */
export function chunk(delta: object, finishReason: string | null = null, rest: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: 'chat-1', model: 'far', choices, ...rest })}\n\n`;
}

export const END = `${chunk({ content: '' }, 'stop', { usage: USAGE })}data: [DONE]\n\n`;

/** A stream of one answer, its calls in one piece each. */
export function streaming(message: AnswerParts): Script {
  const { tool_calls: calls, ...texts } = message;
  const pieces: Step[] = [chunk({ role: 'assistant', content: null, ...texts })];
  for (const call of calls ?? []) pieces.push(chunk({ tool_calls: [call] }));
  return streamOf(...pieces, chunk({}, calls ? 'tool_calls' : 'stop', { usage: USAGE }), 'data: [DONE]\n\n');
}

/** A response that was made and not sent, its body in these pieces. */
export function responseOf(pieces: readonly (string | Uint8Array)[], contentType = 'text/event-stream'): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': contentType } });
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The texts of one kind of event, joined. */
export function textOf(events: readonly ChatEvent[], type: 'content' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('');
}

/** For `assert.rejects`: an error of the toolkit with a code, and with what else is wanted of it. */
export function isKitError(code: KitErrorCode, check: (error: KitError) => void = () => {}): (error: unknown) => true {
  return (error) => {
    if (!KitError.is(error)) throw error;
    if (error.code !== code) throw new Error(`The code is ${error.code}, not ${code}.`, { cause: error });
    check(error);
    return true;
  };
}

/** A clock whose time a test moves; what waits for a time is called when that time comes. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = () => call();
    this.#timers.set(timer, this.#now + delayMs);
    return () => this.#timers.delete(timer);
  }

  /** How long what waits has to wait, the shortest first, in ms. */
  get waits(): number[] {
    return [...this.#timers.values()].map((at) => at - this.#now).sort((one, other) => one - other);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const [timer, at] of [...this.#timers]) {
      if (at > this.#now) continue;
      this.#timers.delete(timer);
      timer();
    }
  }
}
