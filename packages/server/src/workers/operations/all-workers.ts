/** What operators see and change of all workers as if they were one process: every verb is asked of all, and added up. */
import type { Operations } from '../../admin/operations.js';
import type { MetricValues } from '../../observe/metrics.js';
import { sumMetrics } from '../../observe/sum-metrics.js';
import type { Crew, Member } from '../crew.js';
import { UnavailableError } from '../error-messages.js';
import type { InTurn } from '../turns.js';
import type { PerformCall, WorkerVerbs } from './calls.js';
import type { Changes } from './changes.js';
import { mergeFaults } from './merge-faults.js';
import { mergePoolStates } from './merge-pool-states.js';

export interface AllWorkersOptions {
  readonly crew: Pick<Crew<Member>, 'ask'>;
  /** Where changes are kept for workers that start later. */
  readonly changes: Changes;
  readonly inTurn: InTurn;
  /** What the primary itself takes of the machine. */
  readonly ownMetrics: () => Promise<MetricValues>;
  readonly reload: Operations['reload'];
}

type Name = PerformCall[0];
type CallOf<Asked extends Name> = Extract<PerformCall, readonly [Asked, ...unknown[]]>;
type AnswerOf<Asked extends Name> = Awaited<ReturnType<WorkerVerbs[Asked]>>;

/** Workers that are gone, or do not answer in time, do not count; without any, everything rejects with an UnavailableError. */
export function createAllWorkers({ crew, changes, inTurn, ownMetrics, reload }: AllWorkersOptions): Operations {
  const ask = async <Asked extends Name>(call: CallOf<Asked>, isChange = false): Promise<AnswerOf<Asked>[]> => {
    const answers = (await crew.ask(() => call, isChange)).filter((answer) => answer.status === 'fulfilled');
    if (answers.length === 0) throw new UnavailableError('No worker has answered.');
    return answers.map(({ value }) => value as AnswerOf<Asked>);
  };
  const change = <Asked extends Name>(call: CallOf<Asked>, isDone: (answer: AnswerOf<Asked>) => boolean) =>
    inTurn(async () => {
      const answers = await ask<Asked>(call, true);
      if (answers.some(isDone)) changes.keep(call);
      return answers;
    });
  return {
    poolStates: async () => mergePoolStates(await ask<'poolStates'>(['poolStates'])),
    async setDraining(pool, engine, isDraining) {
      const answers = await change<'setDraining'>(['setDraining', pool, engine, isDraining], Boolean);
      return answers.includes(true);
    },
    faults: async () => mergeFaults(await ask<'faults'>(['faults'])),
    async addFault(name, settings) {
      const answers = await change<'addFault'>(['addFault', name, settings], isThere);
      return mergeFaults(answers.map(listOf))[0];
    },
    async removeFault(name) {
      const answers = await change<'removeFault'>(['removeFault', name], isThere);
      return mergeFaults(answers.map(listOf))[0];
    },
    clearFaults: async () => mergeFaults(await change<'clearFaults'>(['clearFaults'], () => true)),
    notReady: async () => [...new Set((await ask<'notReady'>(['notReady'])).flat())],
    metrics: async () => sumMetrics([await ownMetrics(), ...(await ask<'metricValues'>(['metricValues']))]),
    reload: (actor) => inTurn(() => reload(actor)),
  };
}

function isThere(value: unknown): boolean {
  return value !== undefined;
}

function listOf<Item>(item: Item | undefined): Item[] {
  return item === undefined ? [] : [item];
}
