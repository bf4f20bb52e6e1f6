/** What a client sends to `POST /embeddings`. Unknown keys pass and mean nothing. */
import type { Static } from 'typebox';
import { MAX_EMBEDDING_INPUTS, MAX_USER_ID_CHARACTERS } from '../limits.js';
import { Type } from '../schema/type.js';

const token = Type.Integer({ format: 'uint32', minimum: 0 });

/** One text, several, one list of tokens, or several. */
export const EmbeddingInput = Type.Union(
  [
    Type.String(),
    Type.Array(Type.Union([Type.String(), token, Type.Array(token)]), { minItems: 1, maxItems: MAX_EMBEDDING_INPUTS }),
  ],
  {
    title: 'EmbeddingInput',
    description: 'A text, a list of texts, a list of token ids, or a list of such lists.',
  },
);
/** One text, several, one list of tokens, or several. */
export type EmbeddingInput = string | string[] | number[] | number[][];

/** What a client sends to `POST /embeddings`. */
export const EmbeddingRequest = Type.Object(
  {
    model: Type.String({ description: 'The id or an alias of a model that makes embeddings.' }),
    input: Type.Unsafe<EmbeddingInput>(EmbeddingInput),
    encoding_format: Type.Optional(
      Type.Union([Type.Enum(['float', 'base64']), Type.Null()], {
        description: '`base64`: the vector as little-endian 32-bit floating-point numbers.',
        default: 'float',
      }),
    ),
    dimensions: Type.Optional(
      Type.Union([Type.Integer({ format: 'uint32', minimum: 1 }), Type.Null()], {
        description: 'How many numbers of each vector are kept; what is kept is brought to length 1 again.',
      }),
    ),
    user_id: Type.Optional(
      Type.Union([Type.String({ maxLength: MAX_USER_ID_CHARACTERS }), Type.Null()], {
        description: "The caller's own user.",
      }),
    ),
    user: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'The OpenAI field; not interpreted.' }),
    ),
  },
  { title: 'EmbeddingRequest' },
);
/** What a client sends to `POST /embeddings`. */
export type EmbeddingRequest = Static<typeof EmbeddingRequest>;
