/** What takes part: a way to do many jobs, as its users write it. */
import type { Fetch } from '#client/index.js';
import { type BatchJob, writePrompt } from '../../job-text.js';
import type { ScenarioLimits } from '../../scenarios.js';

export interface Setting {
  /** With `/v1`. */
  readonly baseURL: string;
  readonly apiKey: string;
  readonly model: string;
  readonly fetch: Fetch;
  /** Requests under way at the most: the client's own, or the endpoint's where that is known and less. */
  readonly concurrency: number;
  /** Where the processes of one scenario can share files. */
  readonly folder: string;
  /** The endpoint's limits, as far as they are known. */
  readonly limits: ScenarioLimits;
}

/** Does one job as soon as it can; rejects when it is lost. Called for all jobs at once. */
export type DoJob = (job: BatchJob) => Promise<unknown>;

export interface Contender {
  readonly name: string;
  /** What a reader is told. */
  readonly title: string;
  /** What it is told of the limits: nothing, the concurrency alone, or all that it can take in. */
  readonly isTold: 'nothing' | 'concurrency' | 'limits';
  /** Whether it is made for several processes, and does the same as another one where there is only one. */
  readonly isForSeveral?: boolean;
  /** Whether it reads the sentence of a refusal. */
  readonly readsRefusals?: boolean;
  create(setting: Setting): DoJob;
}

/** The request of a job, for chat completions. */
export function requestOf(job: BatchJob, model: string) {
  return {
    model,
    messages: [{ role: 'user' as const, content: writePrompt(job) }],
    ...(job.answerTokensMax !== undefined && { max_tokens: job.answerTokensMax }),
  };
}
