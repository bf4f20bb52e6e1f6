/** Makes the pools of a configuration, and brings them to another one while they work. */
import { ConfigError } from '../config/problem.js';
import type { Config } from '../config/settings.js';
import type { Engine } from '../engines/engine.js';
import type { Engines } from '../engines/engines.js';
import type { PoolEngine } from '../engines/pool/member.js';
import { EnginePool } from '../engines/pool/pool.js';
import type { PoolState } from '../engines/pool/pool-state.js';
import type { MemberPlan } from '../engines/pool/roster.js';
import { type EngineSettings, POOL_DEFAULTS, type PoolSettings } from '../engines/pool-settings.js';
import type { UpstreamKindName } from '../engines/upstream/kinds/index.js';
import { UpstreamEngine } from '../engines/upstream/upstream-engine.js';
import type { Log } from '../observe/log.js';
import type { Metrics } from '../observe/metrics.js';
import { Cassettes } from './cassettes.js';
import { usesEmbeddedEngine } from './engine.js';
import type { CreateSimulatedEngine } from './prepare-simulation.js';
import { type ServerTime, usesSimulatedEngine } from './simulation.js';

export interface PoolsOptions {
  /** Where pools can be found by their names. */
  readonly engines: Engines;
  /** The embedded engine, if there is one: it can be a member of any number of pools. */
  readonly embedded: Engine | undefined;
  /** What makes simulated engines; undefined where none was asked for at the start. */
  readonly simulated?: CreateSimulatedEngine | undefined;
  readonly time: ServerTime;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class Pools {
  readonly #options: PoolsOptions;
  readonly #byName = new Map<string, EnginePool>();
  readonly #cassettes: Cassettes;

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#cassettes = new Cassettes(options);
  }

  get(name: string): EnginePool | undefined {
    return this.#byName.get(name);
  }

  /** All of them, for operators. */
  states(): PoolState[] {
    return [...this.#byName.values()].map((pool) => pool.state());
  }

  /**
   * Makes the pools that are new, changes those that there are, and lets those go that are gone, whose requests come to
   * their ends. Throws a ConfigError, and changes nothing, when the embedded or a simulated engine is asked for and there is
   * none, or a cassette cannot be used.
   */
  update({ models, pools }: Pick<Config, 'models' | 'pools'>): void {
    if (usesEmbeddedEngine({ models, pools }) && this.#options.embedded === undefined) {
      throw new ConfigError([
        'the embedded engine is used now and was not when the server started: that needs a restart',
      ]);
    }
    if (usesSimulatedEngine({ models, pools }) && this.#options.simulated === undefined) {
      throw new ConfigError([
        'the simulated engine is used now and was not when the server started: that needs a restart',
      ]);
    }
    const planned = Object.entries(pools).map(([name, settings]) => ({
      ...{ name, settings, members: this.#plan(settings) },
    }));
    for (const [name, pool] of this.#byName) if (!Object.hasOwn(pools, name)) this.#remove(name, pool);
    for (const { name, settings, members } of planned) this.#set(name, settings, members);
  }

  #set(name: string, settings: PoolSettings, members: Map<string, MemberPlan>): void {
    const { engines, time, log, metrics } = this.#options;
    const existing = this.#byName.get(name);
    if (existing !== undefined) {
      existing.update(settings, members);
      return;
    }
    const onAlarm = ({ pool, engine, isRaised }: { pool: string; engine: string; isRaised: boolean }) =>
      metrics.engineAlarm(pool, engine, isRaised);
    const pool = new EnginePool({ name, settings, members, ...time, log, onAlarm });
    this.#byName.set(name, pool);
    engines.add(name, pool);
  }

  #remove(name: string, pool: EnginePool): void {
    this.#byName.delete(name);
    this.#options.engines.remove(name);
    // Without members it takes nothing new, and what each of them works on comes to its end.
    pool.update({ engines: {} }, new Map());
  }

  #plan(pool: PoolSettings): Map<string, MemberPlan> {
    return new Map(Object.entries(pool.engines).map(([name, settings]) => [name, this.#planMember(pool, settings)]));
  }

  #planMember(pool: PoolSettings, settings: EngineSettings): MemberPlan {
    const { embedded, simulated, time } = this.#options;
    if (settings.kind === 'embedded') return { settings, builtFrom: settings.kind, create: () => share(embedded!) };
    if (settings.kind === 'simulated') {
      const { kind, preset } = settings;
      return { settings, builtFrom: { kind, preset }, create: () => simulated!(preset) };
    }
    const tape = this.#cassettes.open(settings);
    const upstream = { ...describeUpstream(pool, settings.kind, settings), ...(tape?.url && { url: tape.url }) };
    return {
      settings,
      builtFrom: { ...upstream, tape: tape?.builtFrom },
      create: () => new UpstreamEngine({ ...upstream, ...time, connect: tape?.connect }),
    };
  }
}

/** All that an upstream engine is made from. */
function describeUpstream(
  pool: PoolSettings,
  kind: UpstreamKindName,
  { url = '', api_key, model, context_tokens }: EngineSettings,
) {
  const milliseconds = (seconds: number | undefined, fallback: number) => (seconds ?? fallback) * 1000;
  return {
    kind,
    url,
    apiKey: api_key,
    model,
    contextTokens: context_tokens,
    connectTimeoutMs: milliseconds(pool.connect_timeout_s, POOL_DEFAULTS.connect_timeout_s),
    firstEventTimeoutMs: milliseconds(pool.first_event_timeout_s, POOL_DEFAULTS.first_event_timeout_s),
    idleTimeoutMs: milliseconds(pool.idle_timeout_s, POOL_DEFAULTS.idle_timeout_s),
  };
}

/** The engine as a member of a pool, which may leave it: then it goes on, for it belongs to the server. */
function share(engine: Engine): PoolEngine {
  return {
    description: () => engine.description(),
    ready: () => engine.ready(),
    generate: (job, sink) => engine.generate(job, sink),
    countPromptTokens: (job) => engine.countPromptTokens(job),
    close: async () => {},
  };
}
