/** What operators see and change of this process. */
import type { Operations } from '../admin/operations.js';
import type { Engines } from '../engines/engines.js';
import type { Faults } from '../faults/faults.js';
import { stateOf } from '../faults/rule.js';
import type { Metrics } from '../observe/metrics.js';
import type { PoolDirectory } from '../platform.js';

export interface OperatedParts extends Pick<Operations, 'reload'> {
  readonly pools: PoolDirectory;
  readonly faults: Faults;
  readonly engines: Engines;
  readonly metrics: Metrics;
}

export function createOperations({ pools, faults, engines, metrics, reload }: OperatedParts): Operations {
  return {
    poolStates: () => pools.states(),
    setDraining(pool, engine, isDraining) {
      const found = pools.get(pool);
      return (isDraining ? found?.drain(engine) : found?.resume(engine)) ?? false;
    },
    faults: () => faults.list().map(stateOf),
    addFault(name, settings) {
      const rule = faults.add(name, settings);
      return rule && stateOf(rule);
    },
    removeFault(name) {
      const rule = faults.remove(name);
      return rule && stateOf(rule);
    },
    clearFaults: () => faults.clear().map(stateOf),
    notReady: () => engines.notReady(),
    metrics: () => metrics.text(),
    reload,
  };
}
