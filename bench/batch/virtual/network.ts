/** The way to the server: real HTTP, which takes no time, between two delays in virtual time. */
import type { Fetch } from '#client/index.js';
import type { VirtualTime } from '../../support/virtual-time.js';

/** How long something is under way, in ms: shortest and longest. */
const DELAY_MS = [5, 30] as const;

export class Network {
  /** Requests that are at the server, or on a socket to it or from it. */
  outside = 0;
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #send = globalThis.fetch;

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
  }

  readonly fetch: Fetch = async (input, init) => {
    await this.#travel();
    this.outside++;
    let answer: Response;
    try {
      const response = await this.#send(input, init);
      const { status, statusText, headers } = response;
      answer = new Response(await response.arrayBuffer(), { status, statusText, headers });
    } finally {
      this.outside--;
    }
    await this.#travel();
    return answer;
  };

  #travel(): Promise<void> {
    const [shortest, longest] = DELAY_MS;
    return this.#time.sleep(shortest + this.#random() * (longest - shortest));
  }
}
