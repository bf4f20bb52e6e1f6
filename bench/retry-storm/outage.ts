/** An endpoint in virtual time that can answer so many requests a second, and for a while none. */
import type { VirtualTime } from '../support/virtual-time.js';

export interface OutageOptions {
  /** When it fails, in seconds from the start. */
  readonly outage: { readonly fromS: number; readonly toS: number };
  /** Requests that it works on at once; more are refused with 503. */
  readonly concurrency: number;
  /** How long it works on one, in ms, and how long a refusal takes. */
  readonly answerMs: number;
  readonly refusalMs: number;
}

export class OutageEndpoint {
  /** Requests that came, and those that were answered, for each second. */
  readonly arrived: number[] = [];
  readonly answered: number[] = [];
  readonly #time: VirtualTime;
  readonly #options: OutageOptions;
  #running = 0;

  constructor(time: VirtualTime, options: OutageOptions) {
    this.#time = time;
    this.#options = options;
  }

  readonly fetch = async (): Promise<Response> => {
    const second = Math.floor(this.#time.now() / 1000);
    this.arrived[second] = (this.arrived[second] ?? 0) + 1;
    const { outage, concurrency, answerMs, refusalMs } = this.#options;
    const isDown = second >= outage.fromS && second < outage.toS;
    if (isDown || this.#running >= concurrency) {
      await this.#time.sleep(refusalMs);
      return Response.json(
        { error: { message: 'Service unavailable', type: 'server_error', code: null } },
        { status: 503 },
      );
    }
    this.#running++;
    await this.#time.sleep(answerMs);
    this.#running--;
    const then = Math.floor(this.#time.now() / 1000);
    this.answered[then] = (this.answered[then] ?? 0) + 1;
    return Response.json(ANSWER);
  };
}

const ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'deepseek-chat',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};
