/** What `GET /models` answers. */
import type { Static } from 'typebox';
import { Type } from './schema/type.js';

/** One model; only `id`, `object` and `owned_by` are promised. */
export const ModelObject = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('model'),
    owned_by: Type.String(),
    name: Type.Optional(Type.String({ description: 'The name for people.' })),
    context_window: Type.Optional(Type.Integer({ minimum: 1, description: 'Tokens of prompt and answer together.' })),
    max_output_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    input_modalities: Type.Optional(Type.Array(Type.Enum(['text', 'image']))),
    output_modalities: Type.Optional(Type.Array(Type.Enum(['text']))),
    effort: Type.Optional(
      Type.Object(
        {
          supported_levels: Type.Array(Type.Enum(['low', 'high', 'max'])),
          default_level: Type.Optional(Type.Enum(['low', 'high', 'max'])),
        },
        { title: 'ModelEffort' },
      ),
    ),
    api_capabilities: Type.Optional(
      Type.Object(
        {
          anthropic_messages: Type.Optional(
            Type.Object(
              { system_prompt_update: Type.Enum(['leading-only', 'in-history']) },
              { title: 'AnthropicCapabilities' },
            ),
          ),
        },
        { title: 'ModelCapabilities' },
      ),
    ),
  },
  { title: 'ModelObject' },
);
/** One model; only `id`, `object` and `owned_by` are promised. */
export type ModelObject = Static<typeof ModelObject>;

/** All models, in the order of the configuration. */
export const ModelList = Type.Object(
  { object: Type.Literal('list'), data: Type.Array(ModelObject) },
  { title: 'ModelList' },
);
/** All models, in the order of the configuration. */
export type ModelList = Static<typeof ModelList>;
