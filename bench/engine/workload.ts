/** What is asked of every contender: the cases, and the request bodies that put the same work to each of them. */
import { writePrompt } from './prompt-text.js';

/** How tokens are drawn. Nobody uses top-k: the contract has none. */
export interface Sampling {
  temperature: number;
  top_p: number;
}

/**
 * `burst`: all streams start at once and the next wave starts when the last has ended, so that reading prompts and
 * generating can be told apart. `steady`: each stream starts its next request as soon as its last has ended.
 */
export type Shape = 'burst' | 'steady';

/** One kind of load. */
export interface LoadCase {
  name: string;
  shape: Shape;
  sampling: Sampling;
}

const SAMPLED: Sampling = { temperature: 0.8, top_p: 0.95 };
const GREEDY: Sampling = { temperature: 0, top_p: 1 };

/** All cases. */
export const LOAD_CASES: readonly LoadCase[] = [
  { name: 'burst', shape: 'burst', sampling: SAMPLED },
  { name: 'burst-greedy', shape: 'burst', sampling: GREEDY },
  { name: 'steady', shape: 'steady', sampling: SAMPLED },
];

/** The most tokens of an answer. The prompts ask for long stories, so that few answers end before. */
export const MAX_ANSWER_TOKENS = 96;

/** Tokens of context of each stream: prompt and answer with room to spare. */
export const CONTEXT_TOKENS = 1024;

/** A chat completion request as it goes over the network. */
export type RequestBody = Record<string, unknown>;

/** The part of a body that all requests of a case share. */
export function describeCase(sampling: Sampling): RequestBody {
  return { ...sampling, max_tokens: MAX_ANSWER_TOKENS, stream: true, stream_options: { include_usage: true } };
}

/** The whole body of the request with this number. `user_id` keeps its prompt out of every other request's prefix cache. */
export function writeRequest(shared: RequestBody, number: number): RequestBody {
  return {
    ...shared,
    messages: [{ role: 'user', content: writePrompt(number) }],
    seed: number,
    user_id: `bench-${number}`,
  };
}
