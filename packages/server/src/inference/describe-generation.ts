/** From a request that has been read to the job of an engine: who generates, as which model, and whether it thinks. */
import { type ChatRequest, invalidRequest } from '@plumb/wire';
import { requireModel } from '../accounts/permissions.js';
import type { ModelEntry } from '../catalog/catalog.js';
import { decideEffort, decideThinking } from '../catalog/thinking.js';
import type { Engine, GenerationJob, TextPrompt } from '../engines/engine.js';
import type { AuthenticatedContext } from '../http/handler.js';
import { createRequestId } from '../ledger/request-id.js';
import type { AnswerForm } from './answer-form.js';
import type { Work } from './work.js';

export interface GenerationParts {
  readonly request: ChatRequest;
  /** The body, where its messages are those of the request. */
  readonly body?: Uint8Array;
  /** What is continued instead of messages; nothing is thought then. */
  readonly text?: TextPrompt;
  readonly form: AnswerForm;
  /** Looks at the request once it is known whether it thinks; throws an ApiError. */
  check?(thinking: boolean): void;
}

/** Throws 400 for an unknown model, 403 for one that the key may not use, 503 where nothing serves it. */
export function describeGeneration(context: AuthenticatedContext, parts: GenerationParts): Work {
  const { platform, caller } = context;
  const { request, text, form } = parts;
  const model = platform.catalog.resolve(request.model);
  requireModel(caller.key, model.id);
  const thinking = text === undefined && decideThinking(model, request);
  parts.check?.(thinking);
  const engine = platform.engines.lease(model);
  if (text !== undefined) requireTexts(engine, model);
  const job = describeJob(context, model, parts, thinking);
  return {
    id: job.id,
    model: model.id,
    isStreamed: request.stream === true,
    userId: request.user_id ?? undefined,
    thinking,
    maxAnswerTokens: request.max_tokens ?? undefined,
    form,
    context: () => engine.description() ?? {},
    countPromptTokens: () => engine.countPromptTokens(job),
    start: (sink) => engine.generate(job, sink),
  };
}

/** An engine that is starting says later what it can. */
function requireTexts(engine: Engine, { id }: ModelEntry): void {
  const description = engine.description();
  if (description === undefined || description.completesTexts === true) return;
  throw invalidRequest(`The engine of ${id} does not complete texts: use /chat/completions.`);
}

function describeJob(
  { platform, caller }: AuthenticatedContext,
  model: ModelEntry,
  { request, body, text }: GenerationParts,
  thinking: boolean,
): GenerationJob {
  return {
    id: createRequestId(platform.clock.now()),
    created: Math.floor(platform.clock.now() / 1000),
    model: model.id,
    request,
    ...(body === undefined ? {} : { body }),
    ...(text === undefined ? {} : { text }),
    thinking,
    effort: decideEffort(request),
    cacheScope: `${caller.account.id}/${request.user_id ?? ''}`,
    account: caller.account.id,
  };
}
