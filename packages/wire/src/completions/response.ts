/** The answer of `POST /completions`: one object when it is buffered, many with a part of the text each in a stream. */
import type { Static } from 'typebox';
import { FinishReason } from '../chat/response.js';
import { Usage } from '../chat/usage.js';
import { Type } from '../schema/type.js';

/** How likely the tokens of a completion were: four lists of one length. */
export const CompletionLogprobs = Type.Object(
  {
    text_offset: Type.Array(Type.Integer({ minimum: 0 }), { description: 'Where each token begins, in characters.' }),
    token_logprobs: Type.Array(Type.Number()),
    tokens: Type.Array(Type.String()),
    top_logprobs: Type.Array(Type.Record(Type.String(), Type.Number()), {
      description: 'The likeliest tokens at each place.',
    }),
  },
  { title: 'CompletionLogprobs' },
);
/** How likely the tokens of a completion were: four lists of one length. */
export type CompletionLogprobs = Static<typeof CompletionLogprobs>;

const logprobs = Type.Union([CompletionLogprobs, Type.Null()]);
const index = Type.Integer({ minimum: 0 });
const text = Type.String();

/** The one completion of an answer. */
export const CompletionChoice = Type.Object(
  { finish_reason: FinishReason, index, logprobs, text },
  { title: 'CompletionChoice' },
);
/** The one completion of an answer. */
export type CompletionChoice = Static<typeof CompletionChoice>;

const head = {
  id: Type.String({ description: 'A UUID; the same in every event of a stream.' }),
};
const tail = {
  created: Type.Integer({ description: 'Seconds since 1970.' }),
  model: Type.String({ description: 'The canonical id of the model that ran.' }),
  system_fingerprint: Type.String({ description: 'What ran: model, engine and settings.' }),
  object: Type.Literal('text_completion'),
};

/** The buffered answer; keys are written in this order. */
export const CompletionResponse = Type.Object(
  { ...head, choices: Type.Array(CompletionChoice), ...tail, usage: Usage },
  { title: 'CompletionResponse' },
);
/** The buffered answer; keys are written in this order. */
export type CompletionResponse = Static<typeof CompletionResponse>;

/** A part of the completion. */
export const CompletionChunkChoice = Type.Object(
  { finish_reason: Type.Union([FinishReason, Type.Null()]), index, logprobs, text },
  { title: 'CompletionChunkChoice' },
);
/** A part of the completion. */
export type CompletionChunkChoice = Static<typeof CompletionChunkChoice>;

/** One event of a stream; the last one has `finish_reason` and `usage`. */
export const CompletionChunk = Type.Object(
  {
    ...head,
    choices: Type.Array(CompletionChunkChoice),
    ...tail,
    usage: Type.Optional(
      Type.Union([Usage, Type.Null()], {
        description: 'Null before the last event with `include_usage`, else absent.',
      }),
    ),
  },
  { title: 'CompletionChunk' },
);
/** One event of a stream; the last one has `finish_reason` and `usage`. */
export type CompletionChunk = Static<typeof CompletionChunk>;
