/** What operators see and change of all workers as if they were one process: every verb is asked of all, and added up. */

import { serviceUnavailable } from '@plumb/wire';
import type { Operations } from '../../admin/operations.js';
import type { MetricValues } from '../../observe/metrics.js';
import { sumMetrics } from '../../observe/sum-metrics.js';
import type { PerformCall, WorkerVerbs } from './calls.js';
import type { Changes } from './changes.js';
import { mergeFaults } from './merge-faults.js';
import { mergePoolStates } from './merge-pool-states.js';

/** Asks all workers that listen, or that also start; those that are gone, or do not answer in time, do not count. */
export type AskAll = <Name extends PerformCall[0]>(
  call: Extract<PerformCall, readonly [Name, ...unknown[]]>,
) => Promise<Awaited<ReturnType<WorkerVerbs[Name]>>[]>;

export interface AllWorkersOptions {
  readonly askAll: AskAll;
  /** Where changes are kept for workers that start later. */
  readonly changes: Changes;
  /** What the primary itself takes of the machine. */
  readonly ownMetrics: () => Promise<MetricValues>;
  readonly reload: Operations['reload'];
}

export function createAllWorkers({ askAll, changes, ownMetrics, reload }: AllWorkersOptions): Operations {
  const change = async <Name extends PerformCall[0]>(
    call: Extract<PerformCall, readonly [Name, ...unknown[]]>,
    isDone: (answer: Awaited<ReturnType<WorkerVerbs[Name]>>) => boolean,
  ) => {
    const answers = await askAll<Name>(call);
    if (answers.some(isDone)) changes.keep(call);
    return answers;
  };
  return {
    poolStates: async () => mergePoolStates(require(await askAll<'poolStates'>(['poolStates']))),
    async setDraining(pool, engine, isDraining) {
      const answers = await change<'setDraining'>(['setDraining', pool, engine, isDraining], Boolean);
      return answers.includes(true);
    },
    faults: async () => mergeFaults(require(await askAll<'faults'>(['faults']))),
    async addFault(name, settings) {
      const answers = await change<'addFault'>(['addFault', name, settings], isThere);
      return mergeFaults(answers.map(listOf))[0];
    },
    async removeFault(name) {
      const answers = await change<'removeFault'>(['removeFault', name], isThere);
      return mergeFaults(answers.map(listOf))[0];
    },
    clearFaults: async () => mergeFaults(await change<'clearFaults'>(['clearFaults'], () => true)),
    async notReady() {
      const answers = require(await askAll<'notReady'>(['notReady']));
      return [...new Set(answers.flat())];
    },
    metrics: async () => sumMetrics([await ownMetrics(), ...(await askAll<'metricValues'>(['metricValues']))]),
    reload,
  };
}

/** Without any worker nobody knows. Throws 503. */
function require<Answer>(answers: readonly Answer[]): readonly Answer[] {
  if (answers.length === 0) throw serviceUnavailable({ detail: 'no worker has answered' });
  return answers;
}

function isThere(value: unknown): boolean {
  return value !== undefined;
}

function listOf<Item>(item: Item | undefined): Item[] {
  return item === undefined ? [] : [item];
}
