/** What a client sends to `POST /completions`: a text to continue, or a gap to fill. Unknown keys pass and mean nothing. */
import type { Static } from 'typebox';
import { sharedFields } from '../chat/request.js';
import { MAX_INFILL_TOKENS, MAX_TOP_LOGPROBS } from '../limits.js';
import { Type } from '../schema/type.js';

/** What a client sends to `POST /completions`. */
export const CompletionRequest = Type.Object(
  {
    model: Type.String({ description: 'The id or an alias of a model.' }),
    prompt: Type.String({ description: 'The text to continue; with `suffix`, what comes before the gap.' }),
    suffix: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description: 'What comes after the gap; not together with `echo` or `logprobs`.',
      }),
    ),
    echo: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: 'Whether the answer repeats the prompt.',
        default: false,
      }),
    ),
    logprobs: Type.Optional(
      Type.Union([Type.Integer({ format: 'uint32', minimum: 0, maximum: MAX_TOP_LOGPROBS }), Type.Null()], {
        description: 'How many alternatives each token is reported with; 0 reports the tokens alone.',
      }),
    ),
    max_tokens: Type.Optional(
      Type.Union([Type.Integer({ format: 'uint32', minimum: 1, maximum: MAX_INFILL_TOKENS }), Type.Null()], {
        description: 'The most tokens of the answer.',
      }),
    ),
    ...sharedFields,
  },
  { title: 'CompletionRequest' },
);
/** What a client sends to `POST /completions`. */
export type CompletionRequest = Static<typeof CompletionRequest>;
