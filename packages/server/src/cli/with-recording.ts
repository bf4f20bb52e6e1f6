/** `plumb serve --record`: a configuration whose engines elsewhere are recorded, all into one cassette. */
import type { Config } from '../config/settings.js';
import type { EngineSettings, PoolSettings } from '../engines/pool-settings.js';
import { CliError, ExitCode } from './exit-code.js';

export interface RecordingFlags {
  readonly record?: string;
  readonly scrubPrompts?: boolean;
}

/** Engines that have a cassette keep it. Throws a CliError when there is nothing to record. */
export function withRecording(config: Config, { record, scrubPrompts = false }: RecordingFlags): Config {
  if (record === undefined) {
    if (scrubPrompts) throw new CliError('--scrub-prompts means nothing without --record FILE.', ExitCode.usage);
    return config;
  }
  const engines = Object.values(config.pools).flatMap((pool) => Object.values(pool.engines));
  if (!engines.some(isElsewhere)) {
    throw new CliError('--record records engines elsewhere, and no pool of the configuration has one.', ExitCode.usage);
  }
  if (config.workers > 1) {
    throw new CliError(
      `--record writes one cassette, which lives in one process: start with --workers 1 instead of ${config.workers}.`,
      ExitCode.usage,
    );
  }
  const recorded = (engine: EngineSettings): EngineSettings =>
    !isElsewhere(engine) || engine.record !== undefined || engine.replay !== undefined
      ? engine
      : { ...engine, record, scrub_prompts: scrubPrompts };
  const pools = Object.entries(config.pools).map(([name, pool]): [string, PoolSettings] => [
    name,
    {
      ...pool,
      engines: Object.fromEntries(Object.entries(pool.engines).map(([key, engine]) => [key, recorded(engine)])),
    },
  ]);
  return { ...config, pools: Object.fromEntries(pools) };
}

function isElsewhere({ kind }: EngineSettings): boolean {
  return kind !== 'embedded' && kind !== 'simulated';
}
