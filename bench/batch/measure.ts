/** One contender on one trace: a fresh server, a fresh process, nobody beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { oracle } from '#client/plan/oracle.js';
import { countChat, loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import { programPath, type TimeScale, timedEnvironment, timedWords, timeThere } from '../support/time-scale.js';
import type { Contender } from './client/contenders/contender.js';
import type { ClientReport, ClientSettings, Hints } from './client/settings.js';
import { startEndpoint } from './endpoint/endpoint.js';
import { type BatchJob, countPrompt } from './job-text.js';
import { behaviourOf, CLIENT_CONCURRENCY, partsOf, type Scenario, traceOf } from './scenarios.js';

/** Times in ms from the beginning, of the time of the processes. */
export interface Measurement {
  readonly scenario: string;
  readonly contender: string;
  readonly hints: Hints;
  readonly seed: number;
  /** When the last job was done or lost, over when the oracle's was; both from the first job on. */
  readonly overOracle: number;
  readonly finishedAt: number;
  readonly oracleAt: number;
  readonly jobs: number;
  readonly lost: number;
  readonly lostReasons: readonly string[];
  /** Jobs that the engine did more than once. */
  readonly duplicates: number;
  readonly sent: number;
  readonly refusals: number;
  readonly refusedAt: readonly number[];
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the client, or of all of them together. */
  readonly cpuSeconds: number;
  /** The longest hold-up of a client's event loop. */
  readonly loopDelayMs: number;
  /** Of the machine, over the last minute, at the end. */
  readonly load: number;
  /** When each job was done, in order. */
  readonly doneAt: readonly number[];
}

export interface MeasuredCase {
  readonly scenario: Scenario;
  readonly contender: Contender;
  readonly hints: Hints;
  readonly seed: number;
  /** How many times faster than real time. */
  readonly timeScale: number;
}

/** From when everybody is ready until it begins, in real ms. */
const START_MS = 150;
/** A client that takes longer never ends, in real ms. */
const CLIENT_LIMIT_MS = 900_000;

export async function measure(measured: MeasuredCase): Promise<Measurement> {
  const { scenario, timeScale } = measured;
  const jobs = await jobsOf(measured);
  const time = { factor: timeScale, beginMs: Date.now() };
  const folder = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
  const endpoint = await startEndpoint(scenario.limits, folder, time);
  try {
    const clients = await Promise.all(
      partsOf(jobs, scenario.processes ?? 1).map(async (part, number) => {
        const tracePath = join(folder, `trace-${number}.json`);
        await writeFile(tracePath, JSON.stringify(part));
        return startClient(settingsOf(measured, endpoint.url, endpoint.key, tracePath), time);
      }),
    );
    const beginAt = timeThere(time) + START_MS * timeScale;
    const { outage } = scenario;
    if (outage !== undefined) await endpoint.fail(beginAt + outage[0], beginAt + outage[1]);
    const reports = await Promise.all(clients.map((client) => client.run(beginAt)));
    return summarize(measured, jobs, reports, await endpoint.done());
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The trace with prompts, whose tokens are counted as the engine's model would. */
async function jobsOf({ scenario, seed }: MeasuredCase): Promise<BatchJob[]> {
  const tokenizer = await loadDeepSeekTokenizer();
  const count = (prompt: string) => countChat(tokenizer, { messages: [{ role: 'user', content: prompt }] });
  return traceOf(scenario, seed).map((job, index) => countPrompt({ id: `job-${index}`, ...job }, count));
}

function settingsOf(
  { scenario, contender, hints }: MeasuredCase,
  url: string,
  key: string,
  tracePath: string,
): ClientSettings {
  const told = scenario.isTold ? { told: scenario.limits } : {};
  return { contender: contender.name, tracePath, url, key, concurrency: CLIENT_CONCURRENCY, hints, ...told };
}

interface Client {
  /** Begins at a time of its own, and resolves when all jobs are done or lost. */
  run(beginAt: number): Promise<ClientReport>;
}

/** Resolves when it is warm. */
async function startClient(settings: ClientSettings, time: TimeScale): Promise<Client> {
  const words = [...timedWords(), programPath('batch/client/main.js'), JSON.stringify(settings)];
  const child = spawn(process.execPath, words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: timedEnvironment(time),
  });
  const kill = () => child.kill('SIGKILL');
  const killer = setTimeout(kill, CLIENT_LIMIT_MS);
  // A benchmark that is interrupted must not leave a client behind.
  process.once('exit', kill);
  child.once('exit', () => {
    clearTimeout(killer);
    process.off('exit', kill);
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await nextLine(child, lines);
  return {
    async run(beginAt) {
      child.stdin.write(`${beginAt}\n`);
      const report = JSON.parse(await nextLine(child, lines)) as ClientReport;
      if (child.exitCode === null) await once(child, 'exit');
      return report;
    },
  };
}

async function nextLine(child: ChildProcess, lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error(`A client ended too early, with exit code ${child.exitCode}.`);
  return value;
}

function summarize(
  { scenario, contender, hints, seed }: MeasuredCase,
  trace: readonly BatchJob[],
  reports: readonly ClientReport[],
  done: Readonly<Record<string, number>>,
): Measurement {
  const oracleAt = oracle(trace, behaviourOf(scenario));
  const completions = reports.flatMap((report) => report.completions);
  const lost = reports.flatMap((report) => report.lost);
  const firstAt = trace[0]?.at ?? 0;
  const finishedAt = Math.max(...completions.map(({ at }) => at), ...lost.map(({ at }) => at));
  const refusedAt = reports.flatMap((report) => report.refusedAt).sort((one, other) => one - other);
  return {
    scenario: scenario.name,
    contender: contender.name,
    hints,
    seed,
    overOracle: (finishedAt - firstAt) / (oracleAt - firstAt),
    finishedAt,
    oracleAt,
    jobs: trace.length,
    lost: lost.length,
    lostReasons: [...new Set(lost.map(({ reason }) => reason))].slice(0, 5),
    duplicates: completedTwice(done),
    sent: sum(reports, ({ sent }) => sent),
    refusals: refusedAt.length,
    refusedAt,
    statuses: addUp(reports.map(({ statuses }) => statuses)),
    cpuSeconds: sum(reports, ({ cpuSeconds }) => cpuSeconds),
    loopDelayMs: Math.max(...reports.map(({ loopDelayMs }) => loopDelayMs)),
    load: loadavg()[0]!,
    doneAt: completions.map(({ at }) => at).sort((one, other) => one - other),
  };
}

function completedTwice(done: Readonly<Record<string, number>>): number {
  return Object.entries(done).filter(([id, times]) => !id.startsWith('warm-up') && times > 1).length;
}

function sum(reports: readonly ClientReport[], of: (report: ClientReport) => number): number {
  return reports.reduce((total, report) => total + of(report), 0);
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [status, count] of counts.flatMap((each) => Object.entries(each))) {
    total[status] = (total[status] ?? 0) + count;
  }
  return total;
}
