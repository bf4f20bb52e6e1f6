/** What a process takes of its machine is counted under the names that scrapers know from prom-client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { collectProcessMetrics } from '#server/observe/process-metrics.js';

/** Name, kind and help of each. */
async function describeAll(collect: (registry: Registry) => void): Promise<object[]> {
  const registry = new Registry();
  collect(registry);
  const metrics = await registry.getMetricsAsJSON();
  registry.clear();
  return metrics.map(({ name, help, type, aggregator }) => ({ name, help, type, aggregator }));
}

test('the metrics of the process are the default ones of prom-client, in their order', async () => {
  const own = await describeAll(collectProcessMetrics);
  assert.deepEqual(own, await describeAll((register) => collectDefaultMetrics({ register })));
});

test('the time of the processor is the sum of that of the program and of the system', async () => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const metrics = await registry.getMetricsAsJSON();
  const read = (name: string) => metrics.find((each) => each.name === name)?.values[0]?.value ?? Number.NaN;
  const sum = read('process_cpu_user_seconds_total') + read('process_cpu_system_seconds_total');
  assert.ok(sum >= 0);
  assert.ok(Math.abs(read('process_cpu_seconds_total') - sum) < 1e-6);
  registry.clear();
});
