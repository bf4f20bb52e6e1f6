/** Starts the embedded engine as the configuration says. */
import { EMBEDDED_POOL } from '../catalog/model-entry.js';
import type { Config } from '../config/settings.js';
import { EmbeddedEngine } from '../engines/embedded/embedded-engine.js';
import { RestartBackoff } from '../engines/embedded/restart-backoff.js';
import type { Clock } from '../observe/clock.js';
import type { Log } from '../observe/log.js';

/** Whether anything of a configuration is answered by the embedded engine. */
export function usesEmbeddedEngine({ models, pools }: Pick<Config, 'models' | 'pools'>): boolean {
  if (models.some(({ pool }) => pool === EMBEDDED_POOL)) return true;
  return Object.values(pools).some(({ engines }) => Object.values(engines).some(({ kind }) => kind === 'embedded'));
}

export function startEngine(config: Config, modelPath: string, clock: Clock, log: Log): EmbeddedEngine {
  const { context_tokens, sequences, threads, prefill_tokens, thinking_tokens, gpu_layers } = config.engine;
  return new EmbeddedEngine({
    load: {
      modelPath,
      contextTokens: context_tokens,
      sequences,
      threads,
      prefillTokens: prefill_tokens,
      thinkingTokens: thinking_tokens,
      gpuLayers: gpu_layers,
    },
    log,
    backoff: new RestartBackoff(clock),
  });
}
