/**
 * One contender on one trace in virtual time: a real server and real HTTP in one process, where time stands still while
 * anything real goes on. What the machine does besides changes nothing; only what libraries draw by chance differs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@plumb/server';
import { seededRandom } from '#client/plan/trace.js';
import { loadConfig } from '#server/config/load-config.js';
import { VirtualTime } from '../../support/virtual-time.js';
import { CountingFetch } from '../client/counting-fetch.js';
import { createContender, runJobs } from '../client/run.js';
import type { ClientReport } from '../client/settings.js';
import { MODEL, tierOf, WARM_UP_MODEL } from '../endpoint/settings.js';
import type { BatchJob } from '../job-text.js';
import type { MeasuredCase, Measurement } from '../measurement.js';
import { CLIENT_CONCURRENCY, partsOf } from '../scenarios.js';
import { jobsOf, summarize } from '../summarize.js';
import { TimedEngine } from './engine.js';
import { Network } from './network.js';

export async function measureVirtually(measured: MeasuredCase): Promise<Measurement> {
  const { scenario, seed } = measured;
  const jobs = await jobsOf(scenario, seed);
  const folder = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
  const time = new VirtualTime(Date.now());
  const network = new Network(time, seededRandom(seed));
  const beginAt = time.now();
  const engine = new TimedEngine(time, scenario.outage && [beginAt + scenario.outage[0], beginAt + scenario.outage[1]]);
  const putBack = time.install();
  const server = await startServer({
    config: await readConfig(folder, scenario.limits),
    model: { engine },
    clock: time,
  });
  await server.ready();
  try {
    const run = (part: readonly BatchJob[]): Promise<ClientReport> => {
      const counting = new CountingFetch(measured.hints, network.fetch);
      const settings = {
        contender: measured.contender.name,
        url: `${server.url}/v1`,
        key: server.firstKey!,
        concurrency: CLIENT_CONCURRENCY,
        ...(scenario.isTold && { told: scenario.limits }),
        folder,
      };
      return runJobs(part, createContender(settings, counting.fetch, MODEL), counting, beginAt);
    };
    let isOn = true;
    const reports = Promise.all(partsOf(jobs, scenario.processes ?? 1).map(run)).finally(() => {
      isOn = false;
    });
    await Promise.all([
      reports,
      time.runWhile(
        () => isOn,
        () => network.outside !== engine.running,
      ),
    ]);
    return summarize(measured, jobs, await reports, Object.fromEntries(engine.done));
  } finally {
    putBack();
    await server.stop(0);
    await rm(folder, { recursive: true, force: true });
  }
}

async function readConfig(folder: string, limits: Parameters<typeof tierOf>[0]) {
  const models = [{ id: MODEL }, { id: WARM_UP_MODEL }];
  const tiers = { bench: tierOf(limits) };
  const settings = { models, tiers, default_tier: 'bench', log: { level: 'silent' } };
  await writeFile(join(folder, 'plumb.yaml'), JSON.stringify(settings));
  return loadConfig({ flags: { dataDir: folder, port: '0' }, environment: {}, currentDir: folder, cores: 2 });
}
