/** The processors of this machine, as the operating system counts them. */
import { cpus } from 'node:os';
import type { ProcessorReadings } from './thread-governor.js';

/** Reads the real clock and the real processors. */
export const systemProcessors: ProcessorReadings = {
  now: () => performance.now(),
  usedMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  idleMs: () => cpus().reduce((sum, { times }) => sum + times.idle, 0),
};
