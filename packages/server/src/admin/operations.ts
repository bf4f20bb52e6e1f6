/** What operators see and change of a running server: of its one process, or of all its workers as if they were one. */
import type { PoolState } from '../engines/pool/pool-state.js';
import type { FaultRuleSettings } from '../faults/fault-settings.js';
import type { FaultState } from '../faults/rule.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { ReloadReport } from '../platform.js';

/** What is changed lasts until the server stops. */
export interface Operations {
  poolStates(): MaybePromise<readonly PoolState[]>;
  /** Gives an engine no more work, or work again. False when there is none of that name. */
  setDraining(pool: string, engine: string, isDraining: boolean): MaybePromise<boolean>;
  /** The rules for faults, in the order in which they are asked. */
  faults(): MaybePromise<readonly FaultState[]>;
  /** Undefined when the name is taken or there are as many rules as there can be. */
  addFault(name: string, settings: FaultRuleSettings): MaybePromise<FaultState | undefined>;
  /** The rule that was removed; undefined when there is none of that name. */
  removeFault(name: string): MaybePromise<FaultState | undefined>;
  /** The rules that were removed. */
  clearFaults(): MaybePromise<readonly FaultState[]>;
  /** What cannot answer yet, by name; empty once every model of the catalogue can be asked. */
  notReady(): MaybePromise<readonly string[]>;
  /** Everything that is counted, in the text format of Prometheus. */
  metrics(): Promise<string>;
  /**
   * Reads the configuration again and takes on what can be taken on. Rejects with a ConfigError, and changes nothing, when
   * it cannot be used; `actor` is who wants it.
   */
  reload(actor: string): Promise<ReloadReport>;
}
