/** Shares what a configuration allows of a server out to its workers. */
import type { Config } from '../config/settings.js';
import { type EngineSettings, POOL_DEFAULTS, type PoolSettings } from '../engines/pool-settings.js';

/** Fewer connections to a database do not do: one of them only listens. */
const CONNECTIONS_MIN = 2;

/** Which of how many workers; the first one is 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** An engine with fewer places than there are workers gets more requests than it was meant to. */
export interface CrowdedEngine {
  readonly pool: string;
  readonly engine: string;
  readonly places: number;
}

/** The part of one worker: together they have what the configuration says, and each has at least one of everything. */
export function shareConfig(config: Config, share: Share): Config {
  const { database, shared_limits, pools } = config;
  return {
    ...config,
    pools: mapValues(pools, (pool) => sharePool(pool, share)),
    database: { ...database, connections: Math.max(CONNECTIONS_MIN, part(database.connections, share)) },
    // Without Redis every worker is on its own.
    shared_limits: { ...shared_limits, servers: shared_limits.servers * share.of },
  };
}

/** Those whose places are fewer than the workers. */
export function findCrowded({ pools, workers }: Pick<Config, 'pools' | 'workers'>): CrowdedEngine[] {
  return Object.entries(pools).flatMap(([pool, { engines }]) =>
    Object.entries(engines)
      .map(([engine, settings]) => ({ pool, engine, places: placesOf(settings) }))
      .filter(({ places }) => places < workers),
  );
}

function sharePool(pool: PoolSettings, share: Share): PoolSettings {
  const { max_length = POOL_DEFAULTS.queue_length } = pool.queue ?? {};
  return {
    ...pool,
    engines: mapValues(pool.engines, (engine) => ({
      ...engine,
      concurrent_requests: Math.max(1, part(placesOf(engine), share)),
    })),
    // Where nothing may wait, nothing waits in any worker either.
    queue: { ...pool.queue, max_length: max_length === 0 ? 0 : Math.max(1, part(max_length, share)) },
  };
}

function placesOf({ concurrent_requests = POOL_DEFAULTS.concurrent_requests }: EngineSettings): number {
  return concurrent_requests;
}

/** The first workers take one more where it does not come out even. */
function part(whole: number, { index, of }: Share): number {
  return Math.floor(whole / of) + (index < whole % of ? 1 : 0);
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
