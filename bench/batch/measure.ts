/** One contender on one trace in real processes, maybe with time that passes faster: nothing else runs beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programPath, type TimeScale, timedEnvironment, timedWords, timeThere } from '../support/time-scale.js';
import type { ClientSettings, ProcessReport } from './client/settings.js';
import { startEndpoint } from './endpoint/endpoint.js';
import type { Cost, MeasuredCase, Measurement } from './measurement.js';
import { CLIENT_CONCURRENCY, partsOf } from './scenarios.js';
import { jobsOf, summarize } from './summarize.js';

/** From when everybody is ready until it begins, in real ms. */
const START_MS = 150;
/** A client that takes longer never ends, in real ms. */
const CLIENT_LIMIT_MS = 900_000;

/** @param timeScale How many times faster than real time. */
export async function measure(measured: MeasuredCase, timeScale: number): Promise<Measurement> {
  const { scenario, seed } = measured;
  const jobs = await jobsOf(scenario, seed);
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
    return { ...summarize(measured, jobs, reports, await endpoint.done()), cost: costOf(reports) };
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true, force: true });
  }
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
  run(beginAt: number): Promise<ProcessReport>;
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
      const report = JSON.parse(await nextLine(child, lines)) as ProcessReport;
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

function costOf(reports: readonly ProcessReport[]): Cost {
  return {
    cpuSeconds: reports.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0),
    loopDelayMs: Math.max(...reports.map(({ loopDelayMs }) => loopDelayMs)),
    load: loadavg()[0]!,
  };
}
