/** The answer of `POST /embeddings`. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';

/** The vector of one input. */
export const Embedding = Type.Object(
  {
    object: Type.Literal('embedding'),
    index: Type.Integer({ minimum: 0, description: 'The place of the input in the request.' }),
    embedding: Type.Union([Type.Array(Type.Number()), Type.String()], {
      description: 'Numbers, or base64 when that was asked for. Its length is 1.',
    }),
  },
  { title: 'Embedding' },
);
/** The vector of one input. */
export type Embedding = Static<typeof Embedding>;

/** The answer; vectors in the order of the inputs. */
export const EmbeddingResponse = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(Embedding),
    model: Type.String({ description: 'The canonical id of the model that ran.' }),
    usage: Type.Object(
      { prompt_tokens: Type.Integer({ minimum: 0 }), total_tokens: Type.Integer({ minimum: 0 }) },
      { title: 'EmbeddingUsage' },
    ),
  },
  { title: 'EmbeddingResponse' },
);
/** The answer; vectors in the order of the inputs. */
export type EmbeddingResponse = Static<typeof EmbeddingResponse>;
