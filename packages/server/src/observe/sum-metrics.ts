/** Puts what several processes have counted together. */
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricValues } from './metrics.js';

/**
 * One text of all of them: counts are added up, alarms are raised when one is, delays of the event loop are averaged, and
 * what means nothing together, such as the start of a process, is left out.
 */
export async function sumMetrics(processes: readonly MetricValues[]): Promise<string> {
  return AggregatorRegistry.aggregate([...processes]).metrics();
}

/** Counts what this process takes of the machine, and nothing else; the returned function reads it. */
export function measureProcess(): () => Promise<MetricValues> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return () => registry.getMetricsAsJSON();
}
