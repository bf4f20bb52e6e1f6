/** What a request wants to have done, whichever endpoint it came to: all that the way of a request has to know of it. */
import type { EngineDescription, GenerationSink, RunningGeneration } from '../engines/engine.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { AnswerForm } from './answer-form.js';

/** What an engine says of its context. */
export type EngineContext = Pick<EngineDescription, 'contextTokens' | 'estimatesPrompts'>;

export interface Work {
  /** A plain UUID. */
  readonly id: string;
  /** The canonical model id. */
  readonly model: string;
  readonly isStreamed: boolean;
  /** The caller's own user; undefined when the request names none. */
  readonly userId: string | undefined;
  /** Whether reasoning precedes the answer; undefined where there is nothing to think about. */
  readonly thinking: boolean | undefined;
  /** The most tokens of an answer that the request allows: 0 where an answer has none, undefined where it does not say. */
  readonly maxAnswerTokens: number | undefined;
  readonly form: AnswerForm;
  /** What the engine says of its context at the moment. */
  context(): EngineContext;
  /** Rejects with an ApiError when the request cannot be one, or nobody can tell. */
  countPromptTokens(): MaybePromise<number>;
  /** Hands the work to its engine. Never throws. */
  start(sink: GenerationSink): RunningGeneration;
}

/** The same work, begun in another way. */
export function beginOtherwise(work: Work, start: Work['start']): Work {
  const { id, model, isStreamed, userId, thinking, maxAnswerTokens, form } = work;
  return {
    ...{ id, model, isStreamed, userId, thinking, maxAnswerTokens, form, start },
    context: () => work.context(),
    countPromptTokens: () => work.countPromptTokens(),
  };
}
