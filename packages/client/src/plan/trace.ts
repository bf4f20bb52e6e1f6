/** What is to be sent: the input of a simulation. */

export interface Job {
  /** When it is there to be sent, in ms from the beginning. */
  readonly at: number;
  readonly promptTokens: number;
  /** What its answer turns out to have. */
  readonly answerTokens: number;
  /** `max_tokens`, if it has one. */
  readonly answerTokensMax?: number;
  /** How long the endpoint works on it, in ms. */
  readonly durationMs: number;
  readonly priority?: number;
  readonly caller?: string;
}

/** In the order of their times. */
export type Trace = readonly Job[];

/** A source of numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
