/** The buffered answer of `POST /chat/completions`. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';
import { Logprobs } from './logprobs.js';
import { Usage } from './usage.js';

/** Why a generation ended. */
export const FinishReason = Type.Enum(
  ['stop', 'length', 'content_filter', 'tool_calls', 'insufficient_system_resource', 'aborted'],
  { title: 'FinishReason', description: 'Why the generation ended.' },
);
/** Why a generation ended. */
export type FinishReason = Static<typeof FinishReason>;

/** A call that the model makes; `index` is its place among the calls of the answer. */
export const ResponseToolCall = Type.Object(
  {
    index: Type.Integer({ minimum: 0 }),
    id: Type.String(),
    type: Type.Literal('function'),
    function: Type.Object({ name: Type.String(), arguments: Type.String() }, { title: 'FunctionCall' }),
  },
  { title: 'ResponseToolCall' },
);
/** A call that the model makes; `index` is its place among the calls of the answer. */
export type ResponseToolCall = Static<typeof ResponseToolCall>;

/** What the model answers. */
export const ResponseMessage = Type.Object(
  {
    role: Type.Literal('assistant'),
    content: Type.Union([Type.String(), Type.Null()]),
    reasoning_content: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'Present only with thinking.' }),
    ),
    tool_calls: Type.Optional(Type.Array(ResponseToolCall, { description: 'Present only when there are calls.' })),
  },
  { title: 'ResponseMessage' },
);
/** What the model answers. */
export type ResponseMessage = Static<typeof ResponseMessage>;

/** One answer; there is always exactly one. */
export const ChatChoice = Type.Object(
  {
    index: Type.Integer({ minimum: 0 }),
    message: ResponseMessage,
    logprobs: Type.Union([Logprobs, Type.Null()]),
    finish_reason: FinishReason,
  },
  { title: 'ChatChoice' },
);
/** One answer; there is always exactly one. */
export type ChatChoice = Static<typeof ChatChoice>;

/** The buffered answer of `POST /chat/completions`; keys are written in this order. */
export const ChatResponse = Type.Object(
  {
    id: Type.String({ description: 'A UUID.' }),
    object: Type.Literal('chat.completion'),
    created: Type.Integer({ description: 'Seconds since 1970.' }),
    model: Type.String({ description: 'The canonical id of the model that ran.' }),
    choices: Type.Array(ChatChoice),
    usage: Usage,
    system_fingerprint: Type.String({ description: 'What ran: model, engine and settings.' }),
  },
  { title: 'ChatResponse' },
);
/** The buffered answer of `POST /chat/completions`; keys are written in this order. */
export type ChatResponse = Static<typeof ChatResponse>;
