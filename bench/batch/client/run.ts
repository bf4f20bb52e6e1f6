/** Gives a contender its jobs, all at their times, and notes what becomes of them. */
import type { Fetch } from '#client/index.js';
import type { BatchJob } from '../job-text.js';
import type { ScenarioLimits } from '../scenarios.js';
import type { DoJob } from './contenders/contender.js';
import { CONTENDERS } from './contenders/index.js';
import type { CountingFetch } from './counting-fetch.js';
import type { ClientReport } from './settings.js';

export interface ContenderSettings {
  readonly contender: string;
  readonly url: string;
  readonly key: string;
  /** Requests under way at the most. */
  readonly concurrency: number;
  /** The limits as far as clients know them. */
  readonly told?: ScenarioLimits | undefined;
  /** Where processes can share files. */
  readonly folder: string;
}

/** The contender of that name, told what it can take in. */
export function createContender(settings: ContenderSettings, fetch: Fetch, model: string): DoJob {
  const contender = CONTENDERS.find(({ name }) => name === settings.contender);
  if (contender === undefined) throw new Error(`There is no contender ${settings.contender}.`);
  const { url: baseURL, key: apiKey, concurrency, folder } = settings;
  const told = contender.isTold === 'nothing' ? undefined : settings.told;
  return contender.create({
    baseURL,
    apiKey,
    model,
    fetch,
    folder,
    concurrency: Math.min(concurrency, told?.concurrency ?? concurrency),
    limits: contender.isTold === 'limits' && told !== undefined ? told : {},
  });
}

/** @param beginAt In ms since the epoch. */
export async function runJobs(
  jobs: readonly BatchJob[],
  doJob: DoJob,
  counting: CountingFetch,
  beginAt: number,
): Promise<ClientReport> {
  const sinceBegin = () => Date.now() - beginAt;
  const completions: { id: string; at: number }[] = [];
  const lost: { id: string; at: number; reason: string }[] = [];
  const doAt = async (job: BatchJob) => {
    if (job.at > 0) await sleep(job.at - sinceBegin());
    try {
      await doJob(job);
      completions.push({ id: job.id, at: sinceBegin() });
    } catch (error) {
      lost.push({ id: job.id, at: sinceBegin(), reason: String(error).slice(0, 200) });
    }
  };
  await Promise.all(jobs.map(doAt));
  const { sent, refusals, statuses } = counting;
  return { completions, lost, sent, refusals, statuses };
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
