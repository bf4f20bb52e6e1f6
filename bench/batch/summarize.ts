/** Makes the jobs of a scenario, and one measurement of what became of them. */
import { oracle } from '#client/plan/oracle.js';
import { countChat, loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import type { ClientReport } from './client/settings.js';
import { type BatchJob, countPrompt } from './job-text.js';
import type { MeasuredCase, Measurement } from './measurement.js';
import { behaviourOf, type Scenario, traceOf } from './scenarios.js';

/** The trace with prompts, whose tokens are counted as the engine's model would. */
export async function jobsOf(scenario: Scenario, seed: number): Promise<BatchJob[]> {
  const tokenizer = await loadDeepSeekTokenizer();
  const count = (prompt: string) => countChat(tokenizer, { messages: [{ role: 'user', content: prompt }] });
  return traceOf(scenario, seed).map((job, index) => countPrompt({ id: `job-${index}`, ...job }, count));
}

/** @param done How often the engine did each job. */
export function summarize(
  { scenario, contender, hints, seed }: MeasuredCase,
  jobs: readonly BatchJob[],
  reports: readonly ClientReport[],
  done: Readonly<Record<string, number>>,
): Measurement {
  const oracleAt = oracle(jobs, behaviourOf(scenario));
  const completions = reports.flatMap((report) => report.completions);
  const lost = reports.flatMap((report) => report.lost);
  const firstAt = jobs[0]?.at ?? 0;
  const finishedAt = Math.max(...completions.map(({ at }) => at), ...lost.map(({ at }) => at));
  const refusedAt = sorted(reports.flatMap((report) => report.refusedAt));
  return {
    scenario: scenario.name,
    contender: contender.name,
    hints,
    seed,
    overOracle: (finishedAt - firstAt) / (oracleAt - firstAt),
    finishedAt,
    oracleAt,
    jobs: jobs.length,
    lost: lost.length,
    lostReasons: [...new Set(lost.map(({ reason }) => reason))].slice(0, 5),
    duplicates: Object.entries(done).filter(([id, times]) => !id.startsWith('warm-up') && times > 1).length,
    sent: reports.reduce((total, { sent }) => total + sent, 0),
    refusals: refusedAt.length,
    refusedAt,
    statuses: addUp(reports.map(({ statuses }) => statuses)),
    doneAt: sorted(completions.map(({ at }) => at)),
  };
}

function sorted(times: readonly number[]): number[] {
  return times.map(Math.round).sort((one, other) => one - other);
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [status, count] of counts.flatMap((each) => Object.entries(each))) {
    total[status] = (total[status] ?? 0) + count;
  }
  return total;
}
