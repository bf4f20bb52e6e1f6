/** What is planned, as a trace that can be played: requests with the lengths and times that theirs are spread over. */
import type { Distribution } from './distribution.js';
import { type Job, seededRandom, type Trace } from './trace.js';

export interface Workload {
  /** Tokens of a prompt. */
  readonly prompt: Distribution;
  /** Tokens of an answer; cut where its `max_tokens` ends it. */
  readonly answer: Distribution;
  /** `max_tokens`; Infinity for requests without. Default: no request says it. */
  readonly answerMax?: Distribution;
  /** From sending a request to the end of its answer, in ms. Long answers take long: both have the same rank. */
  readonly latency: Distribution;
}

/** The answers, of the requests that do not say it, that are no longer than what is set aside for them. */
const USUAL_SHARE = 0.9;

/**
 * Requests that are all there at the beginning, with times in whole ms, in a random order that is the same for the same seed.
 *
 * @param isDealt Whether answers are spread as evenly as prompts are, as those of very many requests would be; else each
 * is drawn by itself, and what was measured is measured again.
 */
export function drawTrace(workload: Workload, requests: number, seed: number, isDealt: boolean): Trace {
  const random = seededRandom(seed);
  const { prompt, answerMax } = workload;
  const answer = (!isDealt && workload.answer.resample?.(random)) || workload.answer;
  const prompts = deal(requests, random);
  const most = deal(requests, random);
  const ranks = isDealt ? deal(requests, random) : Float64Array.from(prompts, random);
  const usual = Math.max(1, Math.round(answer.quantile(USUAL_SHARE)));
  return Array.from(prompts, (share, index): Job => {
    const said = answerMax === undefined ? undefined : Math.round(answerMax.quantile(most[index]!));
    const answerTokens = Math.max(1, Math.round(answer.quantile(ranks[index]!)));
    return {
      at: 0,
      promptTokens: Math.max(1, Math.round(prompt.quantile(share))),
      answerTokens: Math.min(answerTokens, said ?? Number.POSITIVE_INFINITY),
      ...(said !== undefined && { answerTokensMax: Number.isFinite(said) ? said : usual }),
      durationMs: Math.max(1, Math.round(workload.latency.quantile(ranks[index]!))),
    };
  });
}

/** The middle of each of so many equal parts of 0 to 1, shuffled. */
function deal(count: number, random: () => number): Float64Array {
  const shares = Float64Array.from({ length: count }, (_, index) => (index + 0.5) / count);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shares[last], shares[other]] = [shares[other]!, shares[last]!];
  }
  return shares;
}
