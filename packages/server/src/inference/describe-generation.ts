/** From a request that has been read to the job of an engine: who generates, as which model, and whether it thinks. */
import { type ChatRequest, invalidRequest } from '@plumb/wire';
import { requireModel } from '../accounts/permissions.js';
import type { ModelEntry } from '../catalog/catalog.js';
import { decideEffort, decideThinking } from '../catalog/thinking.js';
import type { Engine, GenerationJob, GenerationSink, RunningGeneration, TextPrompt } from '../engines/engine.js';
import type { AuthenticatedContext } from '../http/handler.js';
import { createRequestId } from '../ledger/request-id.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { AnswerForm } from './answer-form.js';
import type { EngineContext, Work } from './work.js';

export interface GenerationParts {
  readonly request: ChatRequest;
  /** The body, where its messages are those of the request. */
  readonly body?: Uint8Array;
  /** What is continued instead of messages; nothing is thought then. */
  readonly text?: TextPrompt;
  readonly form: AnswerForm;
  /** Looks at the request once it is known whether it thinks; throws an ApiError. */
  readonly check?: ((thinking: boolean) => void) | undefined;
}

/** Throws 400 for an unknown model, 403 for one that the key may not use, 503 where nothing serves it. */
export function describeGeneration(context: AuthenticatedContext, parts: GenerationParts): Work {
  const { platform, caller } = context;
  const { request, text } = parts;
  const model = platform.catalog.resolve(request.model);
  requireModel(caller.key, model.id);
  const thinking = text === undefined && decideThinking(model, request);
  parts.check?.(thinking);
  const engine = platform.engines.lease(model);
  if (text !== undefined) requireTexts(engine, model);
  return new GenerationWork(engine, describeJob(context, model, parts, thinking), parts.form);
}

/** A generation as work of its engine. */
class GenerationWork implements Work {
  readonly id: string;
  readonly model: string;
  readonly isStreamed: boolean;
  readonly userId: string | undefined;
  readonly thinking: boolean;
  readonly maxAnswerTokens: number | undefined;
  readonly form: AnswerForm;
  readonly #engine: Engine;
  readonly #job: GenerationJob;

  constructor(engine: Engine, job: GenerationJob, form: AnswerForm) {
    const { request } = job;
    this.id = job.id;
    this.model = job.model;
    this.isStreamed = request.stream === true;
    this.userId = request.user_id ?? undefined;
    this.thinking = job.thinking;
    this.maxAnswerTokens = request.max_tokens ?? undefined;
    this.form = form;
    this.#engine = engine;
    this.#job = job;
  }

  context(): EngineContext {
    return this.#engine.description() ?? UNKNOWN;
  }

  countPromptTokens(): MaybePromise<number> {
    return this.#engine.countPromptTokens(this.#job);
  }

  start(sink: GenerationSink): RunningGeneration {
    return this.#engine.generate(this.#job, sink);
  }
}

const UNKNOWN: EngineContext = {};

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
  const now = platform.clock.now();
  return {
    id: createRequestId(now),
    created: Math.floor(now / 1000),
    model: model.id,
    request,
    body,
    text,
    thinking,
    effort: decideEffort(request),
    cacheScope: `${caller.account.id}/${request.user_id ?? ''}`,
    account: caller.account.id,
  };
}
