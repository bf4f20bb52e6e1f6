/** What operators see and change through a worker: whichever of them they reach, it is all of them. */
import type { Operations } from '../../admin/operations.js';
import type { Channel } from '../channel.js';
import type { OperateCall } from './calls.js';

/** Rejects with what the workers threw. */
export function createRemoteOperations(channel: Pick<Channel, 'ask'>): Operations {
  const ask = (call: OperateCall) => channel.ask('operate', call) as Promise<never>;
  return {
    poolStates: () => ask(['poolStates']),
    setDraining: (pool, engine, isDraining) => ask(['setDraining', pool, engine, isDraining]),
    faults: () => ask(['faults']),
    addFault: (name, settings) => ask(['addFault', name, settings]),
    removeFault: (name) => ask(['removeFault', name]),
    clearFaults: () => ask(['clearFaults']),
    notReady: () => ask(['notReady']),
    metrics: () => ask(['metrics']),
    reload: (actor) => ask(['reload', actor]),
  };
}
