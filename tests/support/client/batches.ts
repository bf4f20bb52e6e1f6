/** Makes traces that look like the work that people send: lengths and durations are log-normal, and the same for the same seed. */
import { type Job, seededRandom, type Trace } from '#client/plan/trace.js';

export interface BatchShape {
  readonly seed?: number;
  /** When all of them are there, in ms. Default: 0. */
  readonly at?: number;
  /** Median of how long the endpoint works on one, in ms. Default: 2000. */
  readonly durationMs?: number;
  /** Means of the tokens. Defaults: 100 and 200. */
  readonly promptTokens?: number;
  readonly answerTokens?: number;
  readonly answerTokensMax?: number;
}

/** The spread of the logarithms. */
const SPREAD = 0.4;

export function batch(jobs: number, shape: BatchShape = {}): Trace {
  const { seed = 1, at = 0, durationMs = 2000, promptTokens = 100, answerTokens = 200, answerTokensMax } = shape;
  const random = seededRandom(seed);
  const logNormal = (median: number) => Math.round(median * Math.exp(SPREAD * normal(random)));
  return Array.from({ length: jobs }, (): Job => {
    const prompt = Math.round(promptTokens * (0.5 + random()));
    const answer = Math.min(answerTokensMax ?? Number.POSITIVE_INFINITY, logNormal(answerTokens));
    const job = { at, promptTokens: prompt, answerTokens: answer, durationMs: logNormal(durationMs) };
    return answerTokensMax === undefined ? job : { ...job, answerTokensMax };
  });
}

/** Several traces as one, in the order of their times. */
export function together(...traces: readonly Trace[]): Trace {
  return traces.flat().sort((one, other) => one.at - other.at);
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
