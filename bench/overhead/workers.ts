/** Two workers against one, on all processors: nothing is pinned, and the helpers take their part of the machine too. */
import type { FindOptions } from './contenders/contender.js';
import { direct } from './contenders/direct.js';
import { plumb, plumbTwoWorkers } from './contenders/plumb.js';
import { describeRequests, type Measurement } from './figures.js';
import { Generator, startUpstream } from './helper-process.js';
import { measureRound } from './measure.js';
import type { Scenario } from './scenarios.js';
import type { Found } from './start-contender.js';

/** The name of the scenario. */
export const WORKERS = 'workers';

/** Who is compared. */
export const WORKERS_CONTENDERS = [direct, plumb, plumbTwoWorkers] as const;

/** What is put to them. */
export const WORKERS_SCENARIO: Scenario = {
  name: WORKERS,
  title: 'buffered, 64 connections, bodies of 1 KiB, nothing pinned',
  kind: 'closed',
  bodyBytes: 1024,
  run: async (load) => describeRequests(await load({ bodyBytes: 1024 }, { kind: 'closed', connections: 64 })),
};

/** Rejects with the reason when this Plumb has no workers. */
export async function measureWorkers(
  options: FindOptions,
  rounds: number,
  durationMs: number,
  onMeasured: (measurement: Measurement) => void,
): Promise<void> {
  const found: Found[] = [];
  // The one that may be missing comes first.
  for (const contender of WORKERS_CONTENDERS.toReversed())
    found.unshift({ contender, ready: await contender.find(options) });
  const upstream = await startUpstream(undefined);
  const generator = Generator.start(undefined);
  try {
    for (let number = 1; number <= rounds; number++) {
      await measureRound({
        number,
        found: number % 2 === 1 ? found : found.toReversed(),
        scenarios: [WORKERS_SCENARIO],
        durationMs,
        stage: { upstream, generator, folder: options.folder },
        // Starts without pinning are none of those that the table of starts is about.
        onMeasured: (each) => onMeasured({ ...each, scenario: WORKERS }),
      });
    }
  } finally {
    await Promise.all([generator.stop(), upstream.stop()]);
  }
}
