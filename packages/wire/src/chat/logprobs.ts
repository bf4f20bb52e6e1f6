/** How likely the tokens of an answer were. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';

const token = Type.String();
const logprob = Type.Number({ description: 'The natural logarithm of the probability; -9999 when it is not known.' });
const bytes = Type.Union([Type.Array(Type.Integer({ minimum: 0, maximum: 255 })), Type.Null()], {
  description: 'The bytes of the token in UTF-8, because a token can end inside a character.',
});

/** One token that was chosen, with the likeliest ones at its place. */
export const TokenLogprob = Type.Object(
  {
    token,
    logprob,
    bytes,
    top_logprobs: Type.Array(Type.Object({ token, logprob, bytes }, { title: 'TopLogprob' })),
  },
  { title: 'TokenLogprob' },
);
/** One token that was chosen, with the likeliest ones at its place. */
export type TokenLogprob = Static<typeof TokenLogprob>;

const tokens = Type.Union([Type.Array(TokenLogprob), Type.Null()]);

/** The tokens of the answer and of the reasoning before it. */
export const Logprobs = Type.Object(
  { content: Type.Optional(tokens), reasoning_content: Type.Optional(tokens) },
  { title: 'Logprobs' },
);
/** The tokens of the answer and of the reasoning before it. */
export type Logprobs = Static<typeof Logprobs>;
