/** Puts together what the same rules have done in several workers. */
import type { FaultState } from '../../faults/rule.js';

/** In the order of the first worker; `since` is when the first of them began. */
export function mergeFaults(workers: readonly (readonly FaultState[])[]): FaultState[] {
  const merged = new Map<string, FaultState>();
  for (const state of workers.flat()) {
    const known = merged.get(state.name);
    merged.set(state.name, known === undefined ? state : add(known, state));
  }
  return [...merged.values()];
}

function add(one: FaultState, other: FaultState): FaultState {
  return {
    ...one,
    since: Math.min(one.since, other.since),
    matched: one.matched + other.matched,
    injected: one.injected + other.injected,
  };
}
