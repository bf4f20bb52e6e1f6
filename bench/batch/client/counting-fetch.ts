/** The `fetch` of every contender: counts what the endpoint answers, and keeps from it what it is not to know. */
import type { Fetch } from '#client/index.js';
import type { Hints } from './settings.js';

const HINTS = /^(?:retry-after|x-ratelimit-|x-should-retry)/;
/** As DeepSeek writes it. */
const DEEPSEEK =
  'Too many requests. Your current concurrency is 40, which exceeds your concurrency limit of 39 based on your remaining balance.';

export class CountingFetch {
  sent = 0;
  readonly statuses: Record<string, number> = {};
  readonly #hints: Hints;
  readonly #send: Fetch;

  /** @param send What sends in the end. */
  constructor(hints: Hints, send: Fetch = globalThis.fetch) {
    this.#hints = hints;
    this.#send = send;
  }

  get refusals(): number {
    return this.statuses[429] ?? 0;
  }

  readonly fetch: Fetch = async (input, init) => {
    this.sent++;
    try {
      const response = await this.#send(input, init);
      this.#count(response.status);
      return this.#hints === 'hints' ? response : await this.#withoutHints(response);
    } catch (error) {
      this.#count(0);
      throw error;
    }
  };

  #count(status: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  async #withoutHints(response: Response): Promise<Response> {
    const { status, statusText } = response;
    const headers = new Headers([...response.headers].filter(([name]) => !HINTS.test(name)));
    if (status !== 429) return new Response(response.body, { status, statusText, headers });
    const message = rewrite(await response.text(), this.#hints);
    const error = { message, type: 'rate_limit_error', param: null, code: 'invalid_request_error' };
    headers.delete('content-length');
    return new Response(JSON.stringify({ error }), { status, statusText, headers });
  }
}

/** What is left of the sentence of a refusal. */
function rewrite(body: string, hints: Hints): string {
  if (hints === 'deepseek-text') return DEEPSEEK;
  if (hints === 'silent') return 'Too Many Requests';
  const { error } = JSON.parse(body) as { error: { message: string } };
  return error.message.replace(/\d[\d.]*/g, 'some');
}
