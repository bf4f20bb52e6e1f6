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
    engines: mapValues(pool.engines, ({ api_key_env, ...engine }) =>
      api_key_env === undefined ? engine : { ...engine, api_key: environment[api_key_env]! },
    ),
  }));
}

function checkEngine(path: string, engine: EngineSettings, environment: Environment): string[] {
  const { kind, url, api_key, api_key_env, model, preset } = engine;
  if (kind === 'embedded' || kind === 'simulated') {
    const foreign = { url, api_key, api_key_env, model, ...(kind === 'embedded' && { preset }) };
    const others = Object.entries(foreign).filter(([, value]) => value !== undefined);
    return others.map(([key]) => `\`${path}.${key}\` is nothing that the ${kind} engine has: leave it out`);
  }
  if (preset !== undefined) return [`\`${path}.preset\` is nothing that an engine elsewhere has: leave it out`];
  if (url === undefined)
    return [`\`${path}.url\` is missing: say where the engine is served, such as http://host:8000/v1`];
  if (!URL.canParse(url)) return [`\`${path}.url\` is no address: write it like http://host:8000/v1`];
  if (api_key_env === undefined) return [];
  if (api_key !== undefined) return [`\`${path}\` has both \`api_key\` and \`api_key_env\`: leave one out`];
  if (environment[api_key_env]) return [];
  return [`\`${path}.api_key_env\` names the environment variable ${api_key_env}, which is not set`];
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
