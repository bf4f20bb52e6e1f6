/** The tools of a chat request: what the model may call, and whether it must. */
import type { Static } from 'typebox';
import { MAX_TOOL_NAME_CHARACTERS } from '../limits.js';
import { Type } from '../schema/type.js';

/** A function that the model may call. */
export const FunctionDefinition = Type.Object(
  {
    name: Type.String({
      description: 'ASCII letters, digits, underscores and hyphens; unique in the request.',
      minLength: 1,
      maxLength: MAX_TOOL_NAME_CHARACTERS,
    }),
    description: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    parameters: Type.Optional(
      Type.Unsafe<Record<string, unknown> | null>({
        description: 'A JSON Schema of type object; absent when the function takes no arguments.',
      }),
    ),
    strict: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: 'Whether the arguments must follow the schema exactly.',
        default: false,
      }),
    ),
  },
  { title: 'FunctionDefinition' },
);
/** A function that the model may call. */
export type FunctionDefinition = Static<typeof FunctionDefinition>;

/** A tool; functions are the only kind. */
export const Tool = Type.Object({ type: Type.Enum(['function']), function: FunctionDefinition }, { title: 'Tool' });
/** A tool; functions are the only kind. */
export type Tool = Static<typeof Tool>;

/** The one function that must be called. */
export const NamedToolChoice = Type.Object(
  { type: Type.Enum(['function']), function: Type.Object({ name: Type.String() }, { title: 'FunctionName' }) },
  { title: 'NamedToolChoice' },
);
/** The one function that must be called. */
export type NamedToolChoice = Static<typeof NamedToolChoice>;

/** Whether the model may, must or must not call a tool: a word, or the one function that it must call. */
export const ToolChoice = Type.Union([Type.Enum(['none', 'auto', 'required']), NamedToolChoice], {
  title: 'ToolChoice',
});
/** Whether the model may, must or must not call a tool: a word, or the one function that it must call. */
export type ToolChoice = Static<typeof ToolChoice>;
