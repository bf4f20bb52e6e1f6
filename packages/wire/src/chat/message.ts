/** The messages of a chat request: who said what. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';

/** A piece of text inside `content`. */
export const TextPart = Type.Object(
  { type: Type.Literal('text'), text: Type.String() },
  { title: 'TextPart', description: 'A piece of text.' },
);
/** A piece of text inside `content`. */
export type TextPart = Static<typeof TextPart>;

/** Where an image is found, and how closely it is looked at. */
export const ImageUrl = Type.Object(
  {
    url: Type.String({ description: 'An http(s) address of at most 8192 characters, or a data URL.' }),
    detail: Type.Optional(
      Type.Union([Type.Enum(['low', 'high', 'original', 'auto']), Type.Null()], {
        description: 'How closely the image is looked at.',
        default: 'auto',
      }),
    ),
  },
  { title: 'ImageUrl' },
);
/** Where an image is found, and how closely it is looked at. */
export type ImageUrl = Static<typeof ImageUrl>;

/** An image inside `content`, by address. */
export const ImagePart = Type.Object(
  { type: Type.Literal('image_url'), image_url: ImageUrl },
  { title: 'ImagePart', description: 'An image by address, in user and tool messages only.' },
);
/** An image inside `content`, by address. */
export type ImagePart = Static<typeof ImagePart>;

/** An uploaded or inline file inside `content`; its keys are flat, not nested in a `file` object. */
export const FilePart = Type.Object(
  {
    type: Type.Literal('file'),
    file_id: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'The id of an uploaded file.' })),
    file_data: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'The file as a data URL, instead of `file_id`.' }),
    ),
    filename: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  { title: 'FilePart', description: 'A file, by exactly one of `file_id` and `file_data`.' },
);
/** An uploaded or inline file inside `content`; its keys are flat, not nested in a `file` object. */
export type FilePart = Static<typeof FilePart>;

/** One piece of a `content` that is a list. */
export const ContentPart = Type.Union([TextPart, ImagePart, FilePart], { title: 'ContentPart' });
/** One piece of a `content` that is a list. */
export type ContentPart = Static<typeof ContentPart>;

/** What a message says: a text, or a list of pieces. */
export const MessageContent = Type.Union([Type.String(), Type.Array(ContentPart)], { title: 'MessageContent' });
/** What a message says: a text, or a list of pieces. */
export type MessageContent = Static<typeof MessageContent>;

/** A call that the assistant made in an earlier turn. */
export const ToolCall = Type.Object(
  {
    id: Type.String({ description: 'The id that the tool message answers to.' }),
    type: Type.Enum(['function']),
    function: Type.Object(
      {
        name: Type.String(),
        arguments: Type.String({ description: 'The arguments as JSON text; not necessarily valid.' }),
      },
      { title: 'FunctionCall' },
    ),
  },
  { title: 'ToolCall' },
);
/** A call that the assistant made in an earlier turn. */
export type ToolCall = Static<typeof ToolCall>;

const name = Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Who speaks, among several.' }));

/** Instructions to the model. */
export const SystemMessage = Type.Object(
  { role: Type.Literal('system'), content: MessageContent, name },
  { title: 'SystemMessage' },
);
/** Instructions to the model. */
export type SystemMessage = Static<typeof SystemMessage>;

/** What the user says. */
export const UserMessage = Type.Object(
  { role: Type.Literal('user'), content: MessageContent, name },
  { title: 'UserMessage' },
);
/** What the user says. */
export type UserMessage = Static<typeof UserMessage>;

/** What the model said in an earlier turn, or how its next answer begins. */
export const AssistantMessage = Type.Object(
  {
    role: Type.Literal('assistant'),
    content: Type.Optional(
      Type.Union([MessageContent, Type.Null()], { description: 'May be null or absent when `tool_calls` is given.' }),
    ),
    name,
    reasoning_content: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'What the model thought before it answered.' }),
    ),
    tool_calls: Type.Optional(Type.Union([Type.Array(ToolCall), Type.Null()])),
    prefix: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: 'True on the last message: the answer continues this text.',
        default: false,
      }),
    ),
  },
  { title: 'AssistantMessage' },
);
/** What the model said in an earlier turn, or how its next answer begins. */
export type AssistantMessage = Static<typeof AssistantMessage>;

/** The result of a tool call. */
export const ToolMessage = Type.Object(
  {
    role: Type.Literal('tool'),
    content: MessageContent,
    tool_call_id: Type.String({ description: 'The id of the call that this answers.' }),
  },
  { title: 'ToolMessage' },
);
/** The result of a tool call. */
export type ToolMessage = Static<typeof ToolMessage>;

/** A reminder that replaces the one before it; named by the API's own errors, otherwise undocumented. */
export const ReminderMessage = Type.Object(
  { role: Type.Literal('latest_reminder'), content: MessageContent },
  { title: 'ReminderMessage' },
);
/** A reminder that replaces the one before it; named by the API's own errors, otherwise undocumented. */
export type ReminderMessage = Static<typeof ReminderMessage>;

/** One message of a conversation; `role` tells which kind. */
export const Message = Type.Union([SystemMessage, UserMessage, AssistantMessage, ToolMessage, ReminderMessage], {
  title: 'Message',
});
/** One message of a conversation; `role` tells which kind. */
export type Message = Static<typeof Message>;
