/** Measurements as lines and tables of text. */
import type { Measurement } from './measure.js';

/** One line for one measurement, while it goes on. */
export function describeMeasurement(measurement: Measurement): string {
  const { scenario, hints, contender, seed, overOracle, finishedAt, refusals, lost, duplicates } = measurement;
  return [
    scenario.padEnd(20),
    hints.padEnd(14),
    contender.padEnd(12),
    `seed ${seed}`,
    `${overOracle.toFixed(3)} of the oracle`.padStart(20),
    `${(finishedAt / 1000).toFixed(1)} s`.padStart(9),
    `429: ${refusals}`.padStart(10),
    `lost: ${lost}`.padStart(10),
    `twice: ${duplicates}`.padStart(9),
    `CPU ${measurement.cpuSeconds.toFixed(1)} s`.padStart(11),
    `load ${measurement.load.toFixed(1)}`.padStart(10),
    `held up ${measurement.loopDelayMs} ms`,
  ].join(' ');
}
