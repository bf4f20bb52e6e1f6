/** Writes the probabilities of a draw in the words of the contract (section 3.1). */
import type { TokenLogprob } from '@plumb/wire';
import type { Likelihoods } from '../native/likelihoods.js';

/** What the contract says instead of the logarithm where a token is not among the likeliest. */
const UNLIKELY = -9999;

/** The bytes of a token and, where it has none, the text that it is written as. */
export interface TokenNames {
  tokenBytes(token: number): Buffer;
  nameOf(token: number): string;
}

/** @param alternatives How many of the likeliest tokens are listed. */
export function writeLogprob(
  token: number,
  likelihoods: Likelihoods,
  alternatives: number,
  names: TokenNames,
): TokenLogprob {
  const own = likelihoods.find((other) => other.token === token)?.logprob ?? UNLIKELY;
  const top = likelihoods.slice(0, alternatives).map((other) => ({ ...describe(other.token, names, other.logprob) }));
  return { ...describe(token, names, own), top_logprobs: top };
}

function describe(token: number, names: TokenNames, logprob: number) {
  const bytes = names.tokenBytes(token);
  if (bytes.length === 0) return { token: names.nameOf(token), logprob, bytes: null };
  return { token: bytes.toString('utf8'), logprob, bytes: [...bytes] };
}
