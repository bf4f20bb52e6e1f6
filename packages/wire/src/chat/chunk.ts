/** The events of a streamed answer. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';
import { Logprobs } from './logprobs.js';
import { FinishReason } from './response.js';
import { Usage } from './usage.js';

/** A piece of a tool call: id and name in the first piece, arguments in all. */
export const DeltaToolCall = Type.Object(
  {
    index: Type.Integer({ minimum: 0, description: 'Which call of the answer this belongs to.' }),
    id: Type.Optional(Type.String()),
    type: Type.Optional(Type.Literal('function')),
    function: Type.Optional(
      Type.Object(
        { name: Type.Optional(Type.String()), arguments: Type.Optional(Type.String()) },
        { title: 'DeltaFunctionCall' },
      ),
    ),
  },
  { title: 'DeltaToolCall' },
);
/** A piece of a tool call: id and name in the first piece, arguments in all. */
export type DeltaToolCall = Static<typeof DeltaToolCall>;

/** What a chunk adds to the message. */
export const Delta = Type.Object(
  {
    role: Type.Optional(Type.Literal('assistant')),
    content: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    reasoning_content: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    tool_calls: Type.Optional(Type.Array(DeltaToolCall)),
  },
  { title: 'Delta' },
);
/** What a chunk adds to the message. */
export type Delta = Static<typeof Delta>;

/** What a chunk says of the one answer. */
export const ChunkChoice = Type.Object(
  {
    index: Type.Integer({ minimum: 0 }),
    delta: Delta,
    logprobs: Type.Optional(Type.Union([Logprobs, Type.Null()])),
    finish_reason: Type.Union([FinishReason, Type.Null()]),
  },
  { title: 'ChunkChoice' },
);
/** What a chunk says of the one answer. */
export type ChunkChoice = Static<typeof ChunkChoice>;

/** One event of a streamed answer; keys are written in this order. The last one has `finish_reason` and `usage`. */
export const ChatChunk = Type.Object(
  {
    id: Type.String({ description: 'The same in every chunk.' }),
    object: Type.Literal('chat.completion.chunk'),
    created: Type.Integer({ description: 'Seconds since 1970, the same in every chunk.' }),
    model: Type.String(),
    system_fingerprint: Type.String(),
    choices: Type.Array(ChunkChoice),
    usage: Type.Optional(
      Type.Union([Usage, Type.Null()], {
        description: 'Null before the last chunk with `include_usage`, else absent.',
      }),
    ),
  },
  { title: 'ChatChunk' },
);
/** One event of a streamed answer; keys are written in this order. The last one has `finish_reason` and `usage`. */
export type ChatChunk = Static<typeof ChatChunk>;
