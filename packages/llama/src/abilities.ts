/** What the contract knows and this engine cannot do yet, in one table. */
import { type ChatRequest, type ContentPart, invalidRequest, type Message } from '@plumb/wire';

/**
 * Refuses a request that asks for what this engine does not offer: an answer that silently lacks it would be worse.
 *
 * @throws ApiError invalid_request that names the field.
 */
export function checkAbilities(request: ChatRequest): void {
  const missing = MISSING.find(({ isAskedFor }) => isAskedFor(request));
  if (missing !== undefined) throw invalidRequest(`The embedded engine does not offer ${missing.field} yet`);
}

interface MissingAbility {
  readonly field: string;
  isAskedFor(request: ChatRequest): boolean;
}

const MISSING: readonly MissingAbility[] = [
  { field: '`tools`', isAskedFor: ({ tools, tool_choice }) => (tools ?? []).length > 0 && tool_choice !== 'none' },
  { field: '`logprobs`', isAskedFor: ({ logprobs }) => logprobs === true },
  {
    field: '`response_format` other than text',
    isAskedFor: ({ response_format }) => (response_format?.type ?? 'text') !== 'text',
  },
  { field: '`image_url` in a message', isAskedFor: ({ messages }) => messages.some(hasPart('image_url')) },
  { field: '`file` in a message', isAskedFor: ({ messages }) => messages.some(hasPart('file')) },
];

function hasPart(type: ContentPart['type']): (message: Message) => boolean {
  return ({ content }) => Array.isArray(content) && content.some((part) => part.type === type);
}
