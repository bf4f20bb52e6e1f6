/** What operators have changed of the workers since the server started: a worker that starts later is told of it. */
import type { PerformCall } from './calls.js';

/** Keeps no more than one drain of an engine, one addition of a rule and one removal of it. */
export class Changes {
  #kept: readonly PerformCall[] = [];

  /** In the order in which they were made. */
  list(): readonly PerformCall[] {
    return this.#kept;
  }

  /** A change was made. */
  keep(call: PerformCall): void {
    this.#kept = [...this.#kept.filter((earlier) => !replaces(call, earlier)), call];
  }

  /** Another configuration was taken on, with all its rules for faults; those of operators stay. */
  reloaded(): void {
    this.#kept = this.#kept.filter(([name]) => name !== 'removeFault' && name !== 'clearFaults');
  }
}

function replaces(call: PerformCall, earlier: PerformCall): boolean {
  if (call[0] === 'setDraining') return earlier[0] === call[0] && earlier[1] === call[1] && earlier[2] === call[2];
  if (call[0] === 'clearFaults') return earlier[0] !== 'setDraining';
  if (call[0] !== 'removeFault') return false;
  return (earlier[0] === 'addFault' || earlier[0] === 'removeFault') && earlier[1] === call[1];
}
