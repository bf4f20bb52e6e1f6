/** What a client sends to `POST /chat/completions`. Unknown keys pass and mean nothing. */
import type { Static } from 'typebox';
import {
  MAX_COMPLETION_TOKENS,
  MAX_PENALTY,
  MAX_STOP_SEQUENCES,
  MAX_TEMPERATURE,
  MAX_TOOLS,
  MAX_TOP_LOGPROBS,
  MAX_TOP_P,
  MAX_USER_ID_CHARACTERS,
} from '../limits.js';
import { Type } from '../schema/type.js';
import { Message } from './message.js';
import { Tool, ToolChoice } from './tool.js';

/** Whether the model thinks before it answers; wins over `reasoning_effort`. */
export const ThinkingOptions = Type.Object(
  {
    type: Type.Enum(['enabled', 'disabled', 'adaptive'], { description: '`adaptive` means the same as `enabled`.' }),
  },
  {
    title: 'ThinkingOptions',
    description: 'Whether the model thinks before it answers; wins over `reasoning_effort`.',
  },
);
/** Whether the model thinks before it answers; wins over `reasoning_effort`. */
export type ThinkingOptions = Static<typeof ThinkingOptions>;

/** How much the model thinks; `none` switches thinking off. */
export const ReasoningEffort = Type.Enum(['high', 'low', 'medium', 'max', 'xhigh', 'none', 'minimal', 'ultra'], {
  title: 'ReasoningEffort',
  description: 'How much the model thinks. `minimal` is `low`; `medium` and `xhigh` are `high`; `ultra` is `max`.',
});
/** How much the model thinks; `none` switches thinking off. */
export type ReasoningEffort = Static<typeof ReasoningEffort>;

/** What form the answer takes. */
export const ResponseFormat = Type.Object(
  {
    type: Type.Enum(['text', 'json_object', 'json_schema']),
    json_schema: Type.Optional(
      Type.Union(
        [
          Type.Object(
            {
              name: Type.Optional(Type.String()),
              description: Type.Optional(Type.Union([Type.String(), Type.Null()])),
              schema: Type.Optional(Type.Unsafe<Record<string, unknown> | null>({ description: 'A JSON Schema.' })),
              strict: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
            },
            { title: 'JsonSchemaFormat' },
          ),
          Type.Null(),
        ],
        { description: 'The schema of the answer, with `json_schema`.' },
      ),
    ),
  },
  { title: 'ResponseFormat', description: 'What form the answer takes.' },
);
/** What form the answer takes. */
export type ResponseFormat = Static<typeof ResponseFormat>;

/** What a stream carries beside the answer. */
export const StreamOptions = Type.Object(
  {
    include_usage: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], { description: 'Whether every chunk has a `usage` key.' }),
    ),
  },
  { title: 'StreamOptions', description: 'Only together with `stream: true`.' },
);
/** What a stream carries beside the answer. */
export type StreamOptions = Static<typeof StreamOptions>;

const penalty = Type.Optional(
  Type.Union([Type.Number({ format: 'float', minimum: -MAX_PENALTY, maximum: MAX_PENALTY }), Type.Null()], {
    default: 0,
  }),
);

const tokenLimit = Type.Integer({ format: 'uint32', minimum: 1, maximum: MAX_COMPLETION_TOKENS });

/** The fields that everything which generates takes. */
export const sharedFields = {
  stop: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: MAX_STOP_SEQUENCES }), Type.Null()], {
      title: 'StopSequences',
      description: 'Texts that end the answer and are not part of it.',
    }),
  ),
  stream: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Whether the answer comes as server-sent events.',
      default: false,
    }),
  ),
  stream_options: Type.Optional(Type.Union([StreamOptions, Type.Null()])),
  temperature: Type.Optional(
    Type.Union([Type.Number({ format: 'float', minimum: 0, maximum: MAX_TEMPERATURE }), Type.Null()], {
      description: 'How freely tokens are chosen; no effect while thinking.',
      default: 1,
    }),
  ),
  top_p: Type.Optional(
    Type.Union([Type.Number({ format: 'float', exclusiveMinimum: 0, maximum: MAX_TOP_P }), Type.Null()], {
      description: 'Tokens are chosen among the likeliest that together have this probability.',
      default: 1,
    }),
  ),
  user_id: Type.Optional(
    Type.Union([Type.String({ maxLength: MAX_USER_ID_CHARACTERS }), Type.Null()], {
      description: "The caller's own user, who shares no cache with others.",
    }),
  ),
  user: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'The OpenAI field; not interpreted.' })),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  n: Type.Optional(
    Type.Union([Type.Integer({ format: 'uint32', minimum: 1, maximum: 1 }), Type.Null()], {
      description: 'How many answers; only 1.',
      default: 1,
    }),
  ),
  seed: Type.Optional(
    Type.Union([Type.Integer({ format: 'int64', minimum: 0 }), Type.Null()], {
      description: 'The same seed gives the same answer, as far as the engine can; from 0 to below 2^63.',
    }),
  ),
};

/** What a client sends to `POST /chat/completions`. */
export const ChatRequest = Type.Object(
  {
    // First, because a body without both is told of this one.
    messages: Type.Array(Message, { minItems: 1, description: 'The conversation so far.' }),
    model: Type.String({ description: 'The id or an alias of a model.' }),
    thinking: Type.Optional(Type.Union([ThinkingOptions, Type.Null()])),
    reasoning_effort: Type.Optional(Type.Union([ReasoningEffort, Type.Null()], { default: 'high' })),
    max_tokens: Type.Optional(
      Type.Union([tokenLimit, Type.Null()], { description: 'The most tokens of reasoning and answer together.' }),
    ),
    max_completion_tokens: Type.Optional(
      Type.Union([tokenLimit, Type.Null()], {
        description: 'The same limit as `max_tokens`, by its newer OpenAI name; of both, the smaller counts.',
      }),
    ),
    response_format: Type.Optional(Type.Union([ResponseFormat, Type.Null()])),
    tools: Type.Optional(Type.Union([Type.Array(Tool, { maxItems: MAX_TOOLS }), Type.Null()])),
    tool_choice: Type.Optional(
      Type.Union([ToolChoice, Type.Null()], { description: '`auto` with tools, `none` without, unless given.' }),
    ),
    logprobs: Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { default: false })),
    top_logprobs: Type.Optional(
      Type.Union([Type.Integer({ format: 'uint32', minimum: 0, maximum: MAX_TOP_LOGPROBS }), Type.Null()], {
        description: 'How many alternatives each token is reported with; needs `logprobs: true`.',
      }),
    ),
    ...sharedFields,
  },
  { title: 'ChatRequest' },
);
/** What a client sends to `POST /chat/completions`. */
export type ChatRequest = Static<typeof ChatRequest>;
