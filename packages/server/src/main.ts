/** Starts a server from its configuration, and stops it. What it consists of is put together in `assemble/`. */
import { ensureFirstKey } from './accounts/bootstrap.js';
import type { Operations } from './admin/operations.js';
import { openAccounts } from './assemble/accounts.js';
import { startEmbedder, startEngine } from './assemble/engine.js';
import { beginLease, beginSweeping } from './assemble/ledger.js';
import { buildPlatform } from './assemble/platform.js';
import { grantPlayMoney } from './assemble/play-money.js';
import { Pools } from './assemble/pools.js';
import type { CreateSimulatedEngine } from './assemble/prepare-simulation.js';
import { takeOn } from './assemble/reload.js';
import { openTime, type ServerTime, usesSimulatedEngine } from './assemble/simulation.js';
import { EMBEDDED_POOL, SIMULATED_POOL } from './catalog/model-entry.js';
import type { Config } from './config/settings.js';
import type { Engine } from './engines/engine.js';
import { EMBEDDED_EMBEDDINGS, Engines } from './engines/engines.js';
import { type Listener, listen } from './http/listen.js';
import type { Sweeper } from './idempotency/sweeper.js';
import type { ServerLease } from './ledger/server-lease.js';
import type { Limiter } from './limits/index.js';
import { ScaledLimiter } from './limits/scaled-limiter.js';
import { type Clock, systemClock } from './observe/clock.js';
import { createLog, type Log } from './observe/log.js';
import { createMetrics } from './observe/metrics.js';
import type { Platform, ReloadReport } from './platform.js';
import type { Access } from './store/open-access.js';
import { type OpenLimiter, openLimiter } from './store/redis/open-shared-limiter.js';

/** How long a stopping server tries to write what is not durable yet, in ms. */
const LEDGER_CLOSE_TIMEOUT_MS = 5000;

export interface StartOptions {
  readonly config: Config;
  /**
   * The embedded engine: on a GGUF by its absolute path, or any other engine in its place. Neither where all models are
   * answered by simulated engines, or by pools of engines elsewhere.
   */
  readonly model: { readonly path?: string; readonly engine?: Engine };
  /** What makes embeddings: the embedded engine on a GGUF by its absolute path; nothing does without. */
  readonly embeddings?: { readonly path: string } | { readonly engine: Engine } | undefined;
  /** Reads the configuration again, for reloads; without it nothing changes then. Rejects with a ConfigError. */
  readonly readConfig?: () => Promise<Config>;
  /** The secret of the keys in 64 hex digits, instead of the file in the data folder. */
  readonly secret?: string | undefined;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Stands between the server and its store, so that tests can let it fail. */
  readonly wrapAccess?: (access: Access) => Access;
  /** Stands between the server and its limiter. */
  readonly wrapLimiter?: (limiter: Limiter) => Limiter;
  /** Stands between operators and the server, before it listens. */
  readonly wrapOperations?: (operations: Operations) => Operations;
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string;
  /** The key that this start minted, when it was the first one of its data folder. */
  readonly firstKey: string | undefined;
  readonly platform: Platform;
  /** The embedded engine, if there is one. */
  readonly engine: Engine | undefined;
  /**
   * Resolves with the names of what generates once the embedded engine is ready, which pools are not waited for; rejects
   * when its model cannot be loaded.
   */
  ready(): Promise<string[]>;
  /** Reads the configuration again and takes on what can be taken on. Rejects with a ConfigError; then nothing changed. */
  reload(): Promise<ReloadReport>;
  /** Takes on a configuration that was read elsewhere. Throws a ConfigError; then nothing changed. */
  takeOn(config: Config): ReloadReport;
  /**
   * Lets requests under way finish for at most `timeoutMs`, or until the signal is aborted, then stops; returns how many
   * connections were cut.
   */
  stop(timeoutMs?: number, signal?: AbortSignal): Promise<number>;
}

/** Starts a server. Rejects with a sentence when the data folder, the database or the address cannot be used. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { config, model, clock: realClock = systemClock } = options;
  const time = openTime(config, realClock);
  const { clock, timers, scale } = time;
  const log = options.log ?? createLog(config.log.level);
  const opened: (() => Promise<unknown>)[] = [];
  const engine = model.path === undefined ? model.engine : startEngine(config, model.path, clock, log);
  if (engine !== undefined) opened.push(() => engine.close());
  const embedder = openEmbedder(options, clock, log);
  if (embedder !== undefined) opened.push(() => embedder.close());
  try {
    const store = await openAccounts(config, { clock, log, secret: options.secret });
    opened.push(() => store.close());
    const access = options.wrapAccess?.(store) ?? store;
    const firstKey = await ensureFirstKey(access);
    if (firstKey !== undefined && config.simulate.enabled) await grantPlayMoney(access, config, firstKey.key);
    const lease = await beginLease(access, realClock, log);
    opened.push(() => lease.end());
    const sweeper = beginSweeping(access, time, log);
    opened.push(() => sweeper.end());
    const metrics = createMetrics({ models: config.models.map(({ id }) => id) });
    const limits = await openLimiter({ settings: config.shared_limits, clock, timers, log, metrics });
    opened.push(() => limits.close());
    const counted = options.wrapLimiter?.(limits.limiter) ?? limits.limiter;
    const limiter = scale === 1 ? counted : new ScaledLimiter(counted, scale);
    const simulated = usesSimulatedEngine(config) ? await simulate(config, time) : undefined;
    const engines = nameEngines({
      [EMBEDDED_POOL]: engine,
      [EMBEDDED_EMBEDDINGS]: embedder,
      [SIMULATED_POOL]: simulated?.(),
    });
    const pools = new Pools({ engines, embedded: engine, simulated, time, log, metrics });
    opened.push(() => engines.close());
    pools.update(config);
    const { readConfig = async () => config } = options;
    const { wrapOperations } = options;
    const parts = { config, time, log, metrics, engines, pools, access, limiter, readConfig, wrapOperations };
    const platform = buildPlatform({ ...parts, server: lease.server });
    const listener = await listen(platform);
    const stop = (timeoutMs = config.http.drain_timeout_s * 1000, signal?: AbortSignal) =>
      stopServer({ platform, listener, access, lease, sweeper, limits, timeoutMs, signal });
    const ready = async () => {
      const isAlone = usesSimulatedEngine({ models: config.models, pools: {} });
      const alone = [engine, isAlone ? engines.get(SIMULATED_POOL) : undefined].filter((each) => each !== undefined);
      const names = (await Promise.all(alone.map((each) => each.ready()))).map(({ modelName }) => modelName);
      await embedder?.ready();
      return [...names, ...Object.keys(config.pools)];
    };
    const reload = () => platform.operations.reload('server');
    const takeOnRead = (next: Config) => takeOn({ platform, pools, access }, next);
    return { url: listener.url, firstKey: firstKey?.key, platform, engine, ready, reload, takeOn: takeOnRead, stop };
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

/** On demand: most servers simulate nothing. */
async function simulate(config: Config, time: ServerTime): Promise<CreateSimulatedEngine> {
  const { prepareSimulation } = await import('./assemble/prepare-simulation.js');
  return prepareSimulation(config, time);
}

/** Those that there are. */
function nameEngines(named: Readonly<Record<string, Engine | undefined>>): Engines {
  const entries = Object.entries(named);
  return new Engines(new Map(entries.filter((entry): entry is [string, Engine] => entry[1] !== undefined)));
}

function openEmbedder({ embeddings, config }: StartOptions, clock: Clock, log: Log): Engine | undefined {
  if (embeddings === undefined) return undefined;
  return 'engine' in embeddings ? embeddings.engine : startEmbedder(config, embeddings.path, clock, log);
}

interface Stopping {
  readonly platform: Platform;
  readonly listener: Listener;
  readonly access: Access;
  readonly lease: ServerLease;
  readonly sweeper: Sweeper;
  readonly limits: OpenLimiter;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** In the order in which nothing is taken away from what still needs it. */
async function stopServer(stopping: Stopping): Promise<number> {
  const { platform, listener, access, lease, sweeper, limits, timeoutMs, signal } = stopping;
  const { log } = platform;
  platform.draining = true;
  const cut = await listener.drain(timeoutMs, signal);
  await platform.engines.close();
  await listener.settled();
  await platform.authenticator.flush();
  await platform.operators.flush();
  const lost = await platform.ledger.close(LEDGER_CLOSE_TIMEOUT_MS);
  if (lost > 0) log.error({ operations: lost }, 'the ledger could not be written before the end');
  await sweeper.end();
  await limits.close();
  await lease.end();
  await access.close();
  log.flush();
  return cut;
}
