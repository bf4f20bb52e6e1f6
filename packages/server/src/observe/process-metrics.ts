/**
 * What a process takes of its machine: the default metrics of prom-client under their names. They are made one by one,
 * because those of the processor bring OpenTelemetry along, and the index a client of HTTP: 60 files that no server uses.
 */
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import collectEventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js';
import collectGarbage from 'prom-client/lib/metrics/gc.js';
import collectHeap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import collectHeapSpaces from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js';
import collectMemory from 'prom-client/lib/metrics/osMemoryHeap.js';
import collectHandles from 'prom-client/lib/metrics/processHandles.js';
import collectMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import collectOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import collectRequests from 'prom-client/lib/metrics/processRequests.js';
import collectResources from 'prom-client/lib/metrics/processResources.js';
import collectStartTime from 'prom-client/lib/metrics/processStartTime.js';
import collectVersion from 'prom-client/lib/metrics/version.js';

/** In the order of prom-client, after those of the processor. */
const COLLECTORS = [
  collectStartTime,
  collectMemory,
  collectOpenFileDescriptors,
  collectMaxFileDescriptors,
  collectEventLoopLag,
  collectResources,
  collectHandles,
  collectRequests,
  collectHeap,
  collectHeapSpaces,
  collectVersion,
  collectGarbage,
];

/** How often the delay of the event loop is looked at, in ms. */
const EVENT_LOOP_PRECISION_MS = 10;

/** Adds the metrics of this process and of Node to a registry. */
export function collectProcessMetrics(registry: Registry): void {
  collectProcessorTime(registry);
  for (const collect of COLLECTORS) collect(registry, { eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
}

function collectProcessorTime(registry: Registry): void {
  const registers = [registry];
  let last = process.cpuUsage();
  const user = new Counter({
    name: 'process_cpu_user_seconds_total',
    help: 'Total user CPU time spent in seconds.',
    registers,
    // The first of the three is asked first, and brings the others up to date.
    collect() {
      const usage = process.cpuUsage();
      user.inc((usage.user - last.user) / 1e6);
      system.inc((usage.system - last.system) / 1e6);
      both.inc((usage.user + usage.system - last.user - last.system) / 1e6);
      last = usage;
    },
  });
  const system = new Counter({
    name: 'process_cpu_system_seconds_total',
    help: 'Total system CPU time spent in seconds.',
    registers,
  });
  const both = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
  });
}
