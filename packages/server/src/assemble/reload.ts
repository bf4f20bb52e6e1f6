/** Takes on another configuration while the server runs, as far as that is possible. */
import { isDeepStrictEqual } from 'node:util';
import type { Authorship } from '../accounts/audit.js';
import { ConfigError } from '../config/problem.js';
import type { Config } from '../config/settings.js';
import type { Platform, ReloadReport } from '../platform.js';
import type { Access } from '../store/open-access.js';
import { configure } from './configured.js';
import type { Pools } from './pools.js';

/** What takes effect while the server runs. */
const RELOADABLE = [
  'models',
  'strict_models',
  'contract',
  'tiers',
  'default_tier',
  'billing',
  'pools',
  'idempotency',
  'faults',
] as const;

export interface ReloadParts {
  readonly platform: Platform;
  readonly pools: Pools;
  readonly access: Access;
  /** Reads the configuration again. Rejects with a ConfigError. */
  readonly readConfig: () => Promise<Config>;
}

/**
 * Takes on what can be taken on, and says what would need a restart. Requests under way keep what they began with.
 * Rejects with a ConfigError, and changes nothing, when the configuration cannot be used or is in another currency.
 */
export async function reload(parts: ReloadParts, actor: string): Promise<ReloadReport> {
  const { platform, access, readConfig } = parts;
  const report = takeOn(parts, await readConfig());
  const { changed, needsRestart } = report;
  platform.log.info({ changed, needsRestart, actor }, 'the configuration was read again');
  await recordReload(access, report, { actor, at: platform.clock.now() });
  return report;
}

/** Writes a reload down. Rejects with a StoreError. */
export function recordReload(access: Access, { changed, needsRestart }: ReloadReport, by: Authorship): Promise<void> {
  const details = { changed, needs_restart: needsRestart };
  const change = { action: 'config.reload', subject: 'configuration', details } as const;
  return access.administration.audit.recordChange(change, by);
}

/** A configuration with everything of another one that takes effect while the server runs. */
export function mergeReloadable(current: Config, next: Config): Config {
  return { ...current, ...Object.fromEntries(RELOADABLE.map((name) => [name, next[name]])) } as Config;
}

/** Takes on what can be taken on of a configuration that was read. Throws a ConfigError, and changes nothing, as `reload` does. */
export function takeOn({ platform, pools, access }: Omit<ReloadParts, 'readConfig'>, next: Config): ReloadReport {
  const current = platform.config;
  if (next.billing.currency !== current.billing.currency) {
    throw new ConfigError([
      `\`billing.currency\` is ${next.billing.currency} and was ${current.billing.currency}: that needs a restart`,
    ]);
  }
  const differs = (name: keyof Config) => !isDeepStrictEqual(current[name], next[name]);
  const changed = RELOADABLE.filter(differs);
  const reloadable: readonly string[] = RELOADABLE;
  const needsRestart = (Object.keys(next) as (keyof Config)[]).filter(
    (name) => !reloadable.includes(name) && differs(name),
  );
  const config = mergeReloadable(current, next);
  pools.update(config);
  Object.assign(platform, configure(config, access, platform.engines));
  platform.faults.configure(config);
  // An embedded engine is only started with the server: until then such models answer 503.
  const lacksEngine = config.models.some((model) => !platform.engines.has(model));
  return { changed, needsRestart: lacksEngine ? ['models', ...needsRestart] : needsRestart };
}
