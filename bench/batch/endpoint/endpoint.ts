/** A server as an operator runs it, in front of an engine that does what prompts say: each a process of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryPath } from '../../support/repository.js';
import { ServerProcess } from '../../support/server-process.js';
import { programPath, type TimeScale, timedEnvironment, timedWords } from '../../support/time-scale.js';
import type { ScenarioLimits } from '../scenarios.js';
import { MODEL, tierOf, WARM_UP_MODEL } from './settings.js';

export interface Endpoint {
  /** With `/v1`. */
  readonly url: string;
  readonly key: string;
  /** The engine answers 503 from one time to another, in ms since the epoch of its time. */
  fail(from: number, until: number): Promise<void>;
  /** How often each job was done. */
  done(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** Starts both; what they write is left in the folder. */
export async function startEndpoint(limits: ScenarioLimits, folder: string, time: TimeScale): Promise<Endpoint> {
  const environment = timedEnvironment(time);
  const program = programPath('batch/endpoint/engine.js');
  const words = [...timedWords(), program];
  const engine = new ServerProcess(process.execPath, words, join(folder, 'engine.log'), environment);
  const [, enginePort] = await engine.waitForOutput(/port (\d+)/);
  const engineUrl = `http://127.0.0.1:${enginePort}`;
  const configPath = join(folder, 'plumb.yaml');
  await writeFile(configPath, JSON.stringify(settings(`${engineUrl}/v1`, limits), undefined, 2));
  const command = repositoryPath('packages/server/dist/cli/main.js');
  const flags = ['serve', '--port', '0', '--data-dir', join(folder, 'data'), '--config', configPath];
  const server = new ServerProcess(
    process.execPath,
    [...timedWords(), command, ...flags, '--log-level', 'error'],
    join(folder, 'plumb.log'),
    { ...environment, NO_COLOR: '1' },
  );
  const [, url] = await server.waitForOutput(/ready at (http:\/\/\S+)/);
  const [, key] = await server.waitForOutput(/key\s+(sk-\S+)/);
  return {
    url: url!,
    key: key!,
    fail: async (from, until) => {
      await fetch(`${engineUrl}/outage`, { method: 'POST', body: JSON.stringify([from, until]) });
    },
    done: async () => (await (await fetch(`${engineUrl}/done`)).json()) as Record<string, number>,
    stop: async () => {
      await server.stop();
      await engine.stop();
    },
  };
}

/** JSON is YAML. */
function settings(engineUrl: string, limits: ScenarioLimits): object {
  return {
    models: [
      { id: MODEL, pool: 'main' },
      { id: WARM_UP_MODEL, pool: 'main' },
    ],
    pools: { main: { engines: { stub: { kind: 'openai', url: engineUrl, concurrent_requests: 10_000 } } } },
    tiers: { bench: tierOf(limits) },
    default_tier: 'bench',
  };
}
