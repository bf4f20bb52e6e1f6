/** The `fetch` of every contender: counts what the endpoint answers, and keeps from it what it is not to know. */
import type { Fetch } from '#client/index.js';
import type { Hints } from './settings.js';

const HINTS = /^(?:retry-after|x-ratelimit-|x-should-retry)/;
const PLAIN = 'Rate limit reached';
/** As DeepSeek writes it. */
const DEEPSEEK =
  'Too many requests. Your current concurrency is 40, which exceeds your concurrency limit of 39 based on your remaining balance.';

export class CountingFetch {
  sent = 0;
  readonly statuses: Record<string, number> = {};
  readonly refusedAt: number[] = [];
  readonly #hints: Hints;
  readonly #now: () => number;

  /** @param now In ms from the beginning. */
  constructor(hints: Hints, now: () => number) {
    this.#hints = hints;
    this.#now = now;
  }

  readonly fetch: Fetch = async (input, init) => {
    this.sent++;
    try {
      const response = await globalThis.fetch(input, init);
      this.#count(response.status);
      return this.#hints === 'hints' ? response : await this.#withoutHints(response);
    } catch (error) {
      this.#count(0);
      throw error;
    }
  };

  #count(status: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status === 429) this.refusedAt.push(this.#now());
  }

  async #withoutHints(response: Response): Promise<Response> {
    const { status, statusText } = response;
    const headers = new Headers([...response.headers].filter(([name]) => !HINTS.test(name)));
    if (status !== 429) return new Response(response.body, { status, statusText, headers });
    await response.arrayBuffer();
    headers.delete('content-length');
    const message = this.#hints === 'deepseek-text' ? DEEPSEEK : PLAIN;
    const error = { message, type: 'rate_limit_error', param: null, code: 'invalid_request_error' };
    return new Response(JSON.stringify({ error }), { status, statusText, headers });
  }
}
