/** Probabilities of tokens as a model might report them. */
import type { TokenLogprob } from '@plumb/wire';
import { loremWord } from './lorem.js';
import type { SeededRandom } from './random.js';
import type { TextPiece } from './tokens.js';

/** The least and the greatest probability of a token that was chosen. */
const CHOSEN_MIN = 0.3;
const CHOSEN_MAX = 0.999;
/** Of what is left each alternative takes at most this share, so that all together stay below 1. */
const ALTERNATIVE_SHARE_MAX = 0.6;

/** One entry for each token of a piece, whose bytes together are those of its text. */
export function writeLogprobs({ text, tokens }: TextPiece, alternatives: number, random: SeededRandom): TokenLogprob[] {
  return splitBytes(Buffer.from(text), tokens).map((bytes) => writeLogprob(bytes, alternatives, random));
}

/** All but the last token of a character that takes several have one byte each. */
function splitBytes(bytes: Buffer, tokens: number): Buffer[] {
  const parts = Array.from({ length: tokens - 1 }, (_, index) => bytes.subarray(index, index + 1));
  return [...parts, bytes.subarray(tokens - 1)];
}

function writeLogprob(bytes: Buffer, alternatives: number, random: SeededRandom): TokenLogprob {
  let rest = 1;
  const take = (share: number): number => {
    const probability = rest * share;
    rest -= probability;
    return Math.log(probability);
  };
  const chosen = describe(bytes, take(CHOSEN_MIN + (CHOSEN_MAX - CHOSEN_MIN) * Math.sqrt(random.next())));
  const others = Array.from({ length: Math.max(0, alternatives - 1) }, () =>
    describe(Buffer.from(` ${loremWord(random)}`), take(ALTERNATIVE_SHARE_MAX * (1 - random.next()))),
  );
  const top = alternatives === 0 ? [] : [chosen, ...others].sort((one, other) => other.logprob - one.logprob);
  return { ...chosen, top_logprobs: top };
}

function describe(bytes: Buffer, logprob: number) {
  return { token: bytes.toString(), logprob, bytes: [...bytes] };
}
