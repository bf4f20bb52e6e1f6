/** Some requests of a file, chosen by a hash of their names: evenly, and the same ones each time. */
import type { BatchRequest } from '@plumb/client';

interface Entry {
  readonly request: BatchRequest;
  readonly estimate: number;
  readonly rank: number;
}

/** What the exact count of a sample came to. */
export interface SampleCount {
  readonly tokens: readonly number[];
  /** What estimates must be multiplied with. */
  readonly factor: number;
}

export class RequestSample {
  readonly #size: number;
  /** By rank, the lowest first. */
  readonly #entries: Entry[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get requests(): readonly BatchRequest[] {
    return this.#entries.map(({ request }) => request);
  }

  /** Takes a request in if its rank is among the lowest. */
  offer(request: BatchRequest, estimate: number): void {
    const rank = request.idHash[0] >>> 0;
    if (this.#entries.length >= this.#size && rank >= (this.#entries.at(-1)?.rank ?? 0)) return;
    const after = this.#entries.findLastIndex((entry) => entry.rank <= rank);
    this.#entries.splice(after + 1, 0, { request, estimate, rank });
    if (this.#entries.length > this.#size) this.#entries.pop();
  }

  /** Counts the prompts of the first of them with the tokenizer of DeepSeek, which is loaded for it. */
  async count(most: number): Promise<SampleCount> {
    const { loadDeepSeekCounter } = await import('@plumb/client/tokenizer');
    const counter = await loadDeepSeekCounter();
    const entries = this.#entries.slice(0, most);
    const tokens = entries.map(({ request }) => counter.countRequest(JSON.parse(request.bodyText)));
    const exact = tokens.reduce((sum, value) => sum + value, 0);
    const estimated = entries.reduce((sum, { estimate }) => sum + estimate, 0);
    return { tokens, factor: estimated > 0 && exact > 0 ? exact / estimated : 1 };
  }
}
