/** Finds what is wrong with a simulation: presets that there are not, and compressed time where something is real. */
import { SIMULATED_POOL } from '../catalog/model-entry.js';
import type { EngineSettings } from '../engines/pool-settings.js';
import { findPreset, PRESETS } from '../engines/simulated/presets.js';
import { nearestName } from './nearest-name.js';
import type { Settings } from './settings.js';

/** One sentence for each; empty when everything makes sense. */
export function findSimulationProblems(settings: Settings): string[] {
  return [...findUnknownPresets(settings), ...findReservedNames(settings), ...findRealTime(settings)];
}

function findUnknownPresets({ simulate, pools }: Settings): string[] {
  const named = Object.entries(pools).flatMap(([pool, { engines }]) =>
    Object.entries(engines).map(([name, { preset }]) => [`pools.${pool}.engines.${name}.preset`, preset] as const),
  );
  return [['simulate.preset', simulate.preset] as const, ...named].flatMap(([path, preset]) =>
    preset === undefined || findPreset(preset) !== undefined ? [] : [explainPreset(path, preset)],
  );
}

function explainPreset(path: string, preset: string): string {
  const names = PRESETS.map(({ name }) => name);
  const meant = nearestName(preset, names);
  const question = meant === undefined ? '' : `; did you mean "${meant}"?`;
  const known = names.map((name) => `"${name}"`).join(', ');
  return `there is no preset "${preset}" (\`${path}\`, or --simulate): the known ones are ${known}${question}`;
}

/** A model that names it means the engine, not a pool. */
function findReservedNames({ pools }: Settings): string[] {
  return Object.hasOwn(pools, SIMULATED_POOL)
    ? [`\`pools.${SIMULATED_POOL}\` has the name of the simulated engine: give the pool another one`]
    : [];
}

/** Nothing that is real goes faster; what is replayed is not. */
function findRealTime({ simulate, models, pools, shared_limits }: Settings): string[] {
  if (simulate.time_scale === 1) return [];
  const isSimulated = (pool: string) =>
    pool === SIMULATED_POOL || Object.values(pools[pool]?.engines ?? {}).every(isUnreal);
  const real = models.filter(({ pool }) => pool !== SIMULATED_POOL && !(pool in pools && isSimulated(pool)));
  const realPools = Object.keys(pools).filter((pool) => !isSimulated(pool));
  const what =
    'time can only be compressed (--time-scale, `simulate.time_scale`) where every engine is simulated or replayed';
  return [
    ...real.map(({ id, pool }) => `${what}: the model \`${id}\` is answered by \`${pool}\`; add --simulate`),
    ...realPools.map((pool) => `${what}: \`pools.${pool}\` has others; add --simulate`),
    ...(shared_limits.redis_url === undefined
      ? []
      : ['time can only be compressed for the limits of one server: leave `shared_limits.redis_url` out']),
  ];
}

function isUnreal({ kind, replay }: EngineSettings): boolean {
  return kind === 'simulated' || replay !== undefined;
}
