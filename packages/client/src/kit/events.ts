/** What a kit tells while it works, for logs, metrics and views. No event holds a key or a prompt. */
import type { IncidentReport } from '../breaker/incident.js';
import type { Attempt } from '../errors/kit-error.js';

/** The use of one answer. */
export interface AnswerUse {
  readonly promptTokens: number | undefined;
  readonly answerTokens: number | undefined;
}

export type KitEvent =
  /** An attempt failed and another one follows after `waitMs`. */
  | { readonly type: 'retry'; readonly model: string; readonly attempt: Attempt; readonly waitMs: number }
  /** The endpoint refused for its limits; the request is back in the queue. */
  | { readonly type: 'refused'; readonly model: string; readonly attempt: Attempt; readonly retryAfterMs?: number }
  /** Something was learnt about what the endpoint takes; requests are changed from now on. */
  | { readonly type: 'repaired'; readonly model: string; readonly what: string }
  /** An answer has ended. */
  | {
      readonly type: 'answer';
      readonly model: string;
      readonly how: 'complete' | 'interrupted' | 'left';
      readonly use: AnswerUse;
      readonly durationMs: number;
      readonly attempts: number;
      readonly requestId?: string;
    }
  /** A request has failed for good. */
  | { readonly type: 'failed'; readonly model: string; readonly code: string; readonly attempts: readonly Attempt[] }
  /** The endpoint keeps failing: the breaker has opened. */
  | { readonly type: 'incident'; readonly report: IncidentReport }
  /** It works again; the report says how it was. */
  | { readonly type: 'recovered'; readonly report: IncidentReport };

export type KitListener = (event: KitEvent) => void;
