/** Finds what is missing or too much in the engines of pools, and puts the keys in that the environment holds. */
import type { EngineSettings } from '../engines/pool-settings.js';
import type { Settings } from './settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** One sentence for each engine that cannot be used as it is; empty when all can. */
export function findPoolProblems({ pools }: Settings, environment: Environment): string[] {
  return Object.entries(pools).flatMap(([pool, { engines }]) => {
    const problems = Object.entries(engines).flatMap(([name, engine]) =>
      checkEngine(`pools.${pool}.engines.${name}`, engine, environment),
    );
    return Object.keys(engines).length === 0 ? [`\`pools.${pool}.engines\` is empty: name an engine`] : problems;
  });
}

/** The pools with the keys of the environment in their places; they must have no problems. */
export function resolveKeys(pools: Settings['pools'], environment: Environment): Settings['pools'] {
  return mapValues(pools, (pool) => ({
    ...pool,
    engines: mapValues(pool.engines, ({ api_key_env, ...engine }) => {
      const api_key = api_key_env === undefined ? undefined : environment[api_key_env];
      return api_key ? { ...engine, api_key } : engine;
    }),
  }));
}

function checkEngine(path: string, engine: EngineSettings, environment: Environment): string[] {
  const { kind, url, api_key, api_key_env, model, preset, record, replay } = engine;
  if (kind === 'embedded' || kind === 'simulated') {
    const foreign = { url, api_key, api_key_env, model, record, replay, ...(kind === 'embedded' && { preset }) };
    const others = Object.entries(foreign).filter(([, value]) => value !== undefined);
    return others.map(([key]) => `\`${path}.${key}\` is nothing that the ${kind} engine has: leave it out`);
  }
  if (preset !== undefined) return [`\`${path}.preset\` is nothing that an engine elsewhere has: leave it out`];
  const misplaced = findCassetteProblems(path, engine);
  if (misplaced.length > 0) return misplaced;
  if (url === undefined && replay !== undefined) return [];
  if (url === undefined)
    return [`\`${path}.url\` is missing: say where the engine is served, such as http://host:8000/v1`];
  if (!URL.canParse(url)) return [`\`${path}.url\` is no address: write it like http://host:8000/v1`];
  if (api_key_env === undefined) return [];
  if (api_key !== undefined) return [`\`${path}\` has both \`api_key\` and \`api_key_env\`: leave one out`];
  // A replay asks nobody, so that it needs no key.
  if (environment[api_key_env] || replay !== undefined) return [];
  return [`\`${path}.api_key_env\` names the environment variable ${api_key_env}, which is not set`];
}

function findCassetteProblems(path: string, engine: EngineSettings): string[] {
  const { record, replay, scrub_prompts, replay_speed, replay_on_miss, replay_when_exhausted } = engine;
  if (record !== undefined && replay !== undefined) {
    return [`\`${path}\` has both \`record\` and \`replay\`: leave one out`];
  }
  const vain = {
    ...(record === undefined ? { scrub_prompts } : {}),
    ...(replay === undefined ? { replay_speed, replay_on_miss, replay_when_exhausted } : {}),
  };
  return Object.entries(vain)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => {
      const needed = key === 'scrub_prompts' ? 'record' : 'replay';
      return `\`${path}.${key}\` means nothing without \`${needed}\`: name a cassette there, or leave it out`;
    });
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
