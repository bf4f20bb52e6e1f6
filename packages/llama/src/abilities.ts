/** What the contract knows and this engine cannot do yet, in one table. */
import { type ChatRequest, type ContentPart, invalidRequest, type Message } from '@plumb/wire';
import type { AnswerPlan } from './answer/answer-plan.js';
import type { ConstraintKit } from './generation/answer-constraint.js';
import type { Prompt } from './prompt/prompt-builder.js';

/**
 * Refuses a request that asks for what this engine does not offer: an answer that silently lacks it would be worse.
 *
 * @throws ApiError invalid_request that names the field.
 */
export function checkAbilities(request: ChatRequest): void {
  const missing = MISSING.find(({ isAskedFor }) => isAskedFor(request));
  if (missing !== undefined) throw invalidRequest(`The embedded engine does not offer ${missing.field} yet`);
}

/**
 * Refuses an answer whose given beginning can be none of what it has to be.
 *
 * @throws ApiError invalid_request.
 */
export function checkPrefix({ begun }: Prompt, { grammar }: AnswerPlan, constraints: ConstraintKit): void {
  if (begun === '' || grammar === undefined || constraints.startGrammar(grammar).acceptText(begun)) return;
  throw invalidRequest(
    'The message with `prefix` does not begin what `response_format` or `tool_choice` demands: change or drop one of them',
  );
}

interface MissingAbility {
  readonly field: string;
  isAskedFor(request: ChatRequest): boolean;
}

const MISSING: readonly MissingAbility[] = [
  { field: '`image_url` in a message', isAskedFor: ({ messages }) => messages.some(hasPart('image_url')) },
  { field: '`file` in a message', isAskedFor: ({ messages }) => messages.some(hasPart('file')) },
];

function hasPart(type: ContentPart['type']): (message: Message) => boolean {
  return ({ content }) => Array.isArray(content) && content.some((part) => part.type === type);
}
