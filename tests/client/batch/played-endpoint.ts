/** An endpoint in this process that a test plays: it answers at once, as told, or when the test says so. */
import type { Endpoint } from '#client/kit/endpoint.js';

export interface PlayedRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: { readonly model: string; readonly [field: string]: unknown };
  readonly signal: AbortSignal | undefined;
}

export type Answering = (request: PlayedRequest) => Response | Promise<Response>;

export class PlayedEndpoint implements Endpoint {
  readonly baseUrl = 'http://endpoint.test/v1';
  readonly requests: PlayedRequest[] = [];
  /** The most that ran at once. */
  widest = 0;
  #running = 0;
  readonly #answer: Answering;
  readonly #isKeeping: boolean;

  /** @param isKeeping Whether requests are kept to be looked at. */
  constructor(answer: Answering = () => answerWith(), isKeeping = true) {
    this.#answer = answer;
    this.#isKeeping = isKeeping;
  }

  readonly headers = () => ({ authorization: 'Bearer sk-test' });

  readonly fetch: Endpoint['fetch'] = async (input, init) => {
    const request = {
      url: String(input),
      headers: new Headers(init?.headers),
      body: JSON.parse(String(init?.body)) as PlayedRequest['body'],
      signal: init?.signal ?? undefined,
    };
    if (this.#isKeeping) this.requests.push(request);
    this.#running += 1;
    this.widest = Math.max(this.widest, this.#running);
    try {
      return await this.#answer(request);
    } finally {
      this.#running -= 1;
    }
  };
}

export interface Use {
  readonly prompt?: number;
  readonly cached?: number;
  readonly answer?: number;
}

export function answerWith({ prompt = 10, cached = 0, answer = 5 }: Use = {}): Response {
  return Response.json(
    {
      id: 'x',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: prompt,
        completion_tokens: answer,
        total_tokens: prompt + answer,
        prompt_cache_hit_tokens: cached,
        prompt_cache_miss_tokens: prompt - cached,
      },
    },
    { headers: { 'x-request-id': 'request-1' } },
  );
}

export function refuseWith(status: number, code = 'invalid_request_error'): Response {
  return Response.json({ error: { message: `No, because ${status}.`, type: code, code } }, { status });
}

/** Lines with the names `a0`, `a1`, … whose prompts are their names. */
export function makeLines(count: number, more: Readonly<Record<string, unknown>> = {}) {
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `a${index}`,
    body: { model: 'm', messages: [{ role: 'user', content: `a${index}` }], ...more },
  }));
}
