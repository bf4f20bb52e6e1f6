/** The time of a server, and whether any of its engines is simulated, as the configuration says. */
import { SIMULATED_POOL } from '../catalog/model-entry.js';
import type { Config } from '../config/settings.js';
import { ScaledTimers, systemTimers, type Timers } from '../limits/index.js';
import { type Clock, fineClock, ScaledClock } from '../observe/clock.js';
import type { Simulation } from '../platform.js';

/** The time of a server's limits, engines, queues and keep-alives. */
export interface ServerTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How many times faster than real it goes; 1 for real time. */
  readonly scale: number;
}

/** @param clock That of real time. */
export function openTime({ simulate }: Pick<Config, 'simulate'>, clock: Clock): ServerTime {
  const { time_scale: scale } = simulate;
  if (scale === 1) return { clock, timers: systemTimers, scale };
  return { clock: new ScaledClock(fineClock, scale), timers: new ScaledTimers(systemTimers, scale), scale };
}

/** What is told of a simulation; undefined where everything is real. */
export function describeSimulation(config: Config, { scale }: ServerTime): Simulation | undefined {
  return usesSimulatedEngine(config) ? { preset: config.simulate.preset, timeScale: scale } : undefined;
}

/** Whether anything of a configuration is answered by a simulated engine. */
export function usesSimulatedEngine({ models, pools }: Pick<Config, 'models' | 'pools'>): boolean {
  if (models.some(({ pool }) => pool === SIMULATED_POOL)) return true;
  return Object.values(pools).some(({ engines }) => Object.values(engines).some(({ kind }) => kind === 'simulated'));
}
