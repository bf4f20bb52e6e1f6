/** Connects injected faults with the configuration, the time and the log. */
import type { Config } from '../config/settings.js';
import { Faults } from '../faults/faults.js';
import type { Log } from '../observe/log.js';
import type { ServerTime } from './simulation.js';

/** The faults of a configuration, which begin now. */
export function openFaults(config: Config, { clock, timers, scale }: ServerTime, log: Log): Faults {
  const faults = new Faults({
    clock,
    timers,
    timeScale: scale,
    onActive: ({ rules, allowsHeader }) => log.warn({ rules, allowsHeader }, 'faults are injected on purpose'),
  });
  faults.configure(config);
  return faults;
}
