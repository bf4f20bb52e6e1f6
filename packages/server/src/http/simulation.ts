/** Says of every answer of a simulation that it is one. */
import type { Simulation } from '../platform.js';

/** `x-plumb-simulated: default`, and how much faster time goes where it does. */
export function renderSimulation({ preset, timeScale }: Simulation): Record<string, string> {
  return { 'x-plumb-simulated': timeScale === 1 ? preset : `${preset}; time-scale=${timeScale}` };
}
