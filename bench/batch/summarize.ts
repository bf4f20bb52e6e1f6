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
  return {
    scenario: scenario.name,
    contender: contender.name,
    hints,
    seed,
    overOracle: Number(((finishedAt - firstAt) / (oracleAt - firstAt)).toFixed(4)),
    finishedAt: Math.round(finishedAt),
    oracleAt,
    jobs: jobs.length,
    lost: lost.length,
    lostReasons: [...new Set(lost.map(({ reason }) => reason))].slice(0, 5),
    duplicates: Object.entries(done).filter(([id, times]) => !id.startsWith('warm-up') && times > 1).length,
    sent: reports.reduce((total, { sent }) => total + sent, 0),
    refusals: reports.reduce((total, { refusals }) => total + refusals, 0),
    statuses: addUp(reports.map(({ statuses }) => statuses)),
    progress: progressOf(completions.map(({ at }) => at)),
  };
}

/** Points of a line in a plot: more are not seen. */
const POINTS_MAX = 150;

function progressOf(times: readonly number[]): [at: number, done: number][] {
  const step = Math.max(1, Math.ceil(times.length / POINTS_MAX));
  const points = times
    .toSorted((one, other) => one - other)
    .map((at, index): [number, number] => [Math.round(at), index + 1]);
  return points.filter((_point, index) => index % step === 0 || index === points.length - 1);
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [status, count] of counts.flatMap((each) => Object.entries(each))) {
    total[status] = (total[status] ?? 0) + count;
  }
  return total;
}
