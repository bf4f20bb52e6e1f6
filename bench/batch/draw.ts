/** The plots of `docs/benchmarks/batch.md`: how many jobs were done when. */
import { drawLineChart, type Line } from '../support/line-chart.js';
import { CONTENDERS } from './client/contenders/index.js';
import type { Hints } from './client/settings.js';
import type { Measurement } from './measurement.js';
import { SCENARIOS } from './scenarios.js';

const PLOTS: readonly (readonly [scenario: string, hints: Hints])[] = [
  ['requests', 'no-hints'],
  ['tokens', 'no-hints'],
  ['bursts', 'no-hints'],
  ['outage', 'no-hints'],
];

/** Plots by their names; of several seeds the first. */
export function drawPlots(measurements: readonly Measurement[]): [name: string, svg: string][] {
  return PLOTS.map(([name, hints]) => {
    const { title, outage } = SCENARIOS.find((scenario) => scenario.name === name)!;
    const lines = CONTENDERS.flatMap((contender) => {
      const measured = measurements.find(
        (each) => each.scenario === name && each.hints === hints && each.contender === contender.name,
      );
      return measured === undefined ? [] : [lineOf(measured)];
    });
    const chart = {
      title: `Jobs done, without Retry-After and numbers: ${title}`,
      xLabel: 'seconds',
      yLabel: 'jobs done',
      lines,
      ...(outage && { shaded: { from: outage[0] / 1000, to: outage[1] / 1000, name: 'outage' } }),
    };
    return [name, drawLineChart(chart)];
  });
}

function lineOf({ contender, progress, lost }: Measurement): Line {
  const points = progress.map(([at, done]) => [at / 1000, done] as const);
  return { name: lost === 0 ? contender : `${contender} (${lost} lost)`, points: [[0, 0], ...points] };
}
