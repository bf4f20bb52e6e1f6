/** What a client process is told, and what it tells. */
import type { ScenarioLimits } from '../scenarios.js';

/**
 * What an endpoint says about its limits: all that Plumb does; which limit refuses, without headers and numbers; the
 * sentence of DeepSeek about concurrency; nothing but 429.
 */
export const HINTS = ['hints', 'no-hints', 'deepseek-text', 'silent'] as const;
export type Hints = (typeof HINTS)[number];

export interface ClientSettings {
  readonly contender: string;
  /** A JSON file with the jobs. */
  readonly tracePath: string;
  readonly url: string;
  readonly key: string;
  /** Requests under way at the most. */
  readonly concurrency: number;
  /** The limits as far as clients know them. */
  readonly told?: ScenarioLimits;
  readonly hints: Hints;
}

/** Times in ms from the beginning. */
export interface ClientReport {
  readonly completions: readonly { readonly id: string; readonly at: number }[];
  readonly lost: readonly { readonly id: string; readonly at: number; readonly reason: string }[];
  /** Requests that were sent, and how many of them were refused with 429. */
  readonly sent: number;
  readonly refusals: number;
  /** Answers by their status; `0` are those that never came. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** The same of a process of its own. */
export interface ProcessReport extends ClientReport {
  /** Of the processor, user and system, without start and warm-up; in real seconds. */
  readonly cpuSeconds: number;
  /** The longest time that the event loop was held up, in ms of the process's time. */
  readonly loopDelayMs: number;
}
