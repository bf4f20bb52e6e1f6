/** Finds what cannot be had in several processes: everything that lives in one of them. */
import { EMBEDDED_POOL, SIMULATED_POOL } from '../catalog/model-entry.js';
import type { EngineSettings } from '../engines/pool-settings.js';
import type { Settings } from './settings.js';

/** One sentence for each; empty when there is one worker, or everything can be shared out. */
export function findWorkerProblems({ workers, models, pools }: Settings): string[] {
  if (workers === 1) return [];
  const ofModels = models
    .filter(({ pool }) => pool === EMBEDDED_POOL || pool === SIMULATED_POOL)
    .map(({ id, pool }) => explain(workers, `the model \`${id}\` is answered by the ${pool} engine`));
  const ofEngines = Object.entries(pools).flatMap(([pool, { engines }]) =>
    Object.entries(engines).map(([name, engine]) => {
      const what = findSingle(engine);
      return what === undefined ? undefined : explain(workers, `\`pools.${pool}.engines.${name}\` ${what}`);
    }),
  );
  return [...ofModels, ...ofEngines].filter((problem) => problem !== undefined);
}

function findSingle({ kind, record, replay }: EngineSettings): string | undefined {
  if (kind === 'embedded' || kind === 'simulated') return `is the ${kind} engine`;
  if (record !== undefined) return 'is recorded into a cassette';
  return replay === undefined ? undefined : 'is replayed from a cassette';
}

function explain(workers: number, what: string): string {
  return `\`workers\` is ${workers}, but ${what}, which lives in one process: set \`workers\` (or --workers) to 1, or use engines elsewhere`;
}
