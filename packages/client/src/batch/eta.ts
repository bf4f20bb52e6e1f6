/** When a batch will have finished: from the limits and from what the last minute has used of them, not from a mean. */

/** What was begun in the last minute, by the second. */
export class MinuteRing {
  readonly #requests = new Float64Array(SECONDS);
  readonly #tokens = new Float64Array(SECONDS);
  #newest = 0;

  /** Notes use at a time in ms. */
  add(now: number, requests: number, tokens: number): void {
    this.#advance(now);
    this.#requests[this.#newest % SECONDS]! += requests;
    this.#tokens[this.#newest % SECONDS]! += tokens;
  }

  /** What was used in each of the last 60 seconds, the oldest first. */
  read(now: number): { readonly requests: readonly number[]; readonly tokens: readonly number[] } {
    this.#advance(now);
    const order = Array.from({ length: SECONDS }, (_, index) => (this.#newest + 1 + index) % SECONDS);
    return {
      requests: order.map((slot) => this.#requests[slot]!),
      tokens: order.map((slot) => this.#tokens[slot]!),
    };
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1000);
    const stale = Math.min(second - this.#newest, SECONDS);
    for (let step = 1; step <= stale; step += 1) {
      this.#requests[(this.#newest + step) % SECONDS] = 0;
      this.#tokens[(this.#newest + step) % SECONDS] = 0;
    }
    if (stale === SECONDS) {
      this.#requests.fill(0);
      this.#tokens.fill(0);
    }
    this.#newest = Math.max(second, this.#newest);
  }
}

const SECONDS = 60;
const WINDOW_MS = 60_000;

/**
 * How long it takes until the last of an amount can begin, in ms, when no more than `limit` may begin in any 60 s: the
 * room that there is now is used at once, and every other one opens again 60 s after its own use.
 *
 * @param recent What was used in each of the last 60 seconds, the oldest first.
 */
export function windowDelayMs(amount: number, limit: number, recent: readonly number[]): number {
  if (!(limit > 0) || !Number.isFinite(limit)) return 0;
  const used = recent.reduce((sum, value) => sum + value, 0);
  const rest = amount - Math.max(0, limit - used);
  if (rest <= 0) return 0;
  const rounds = Math.ceil(rest / limit) - 1;
  let left = rest - rounds * limit;
  for (const [second, value] of recent.entries()) {
    left -= value;
    if (left <= 0) return rounds * WINDOW_MS + second * 1000;
  }
  return (rounds + 1) * WINDOW_MS;
}
