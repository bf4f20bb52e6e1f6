/** What is measured, and what of it is kept. */
import type { Contender } from './client/contenders/contender.js';
import type { Hints } from './client/settings.js';
import type { Scenario } from './scenarios.js';

export interface MeasuredCase {
  readonly scenario: Scenario;
  readonly contender: Contender;
  readonly hints: Hints;
  readonly seed: number;
}

/** Times in ms from the beginning, of the time of the clients. */
export interface Measurement {
  readonly scenario: string;
  readonly contender: string;
  readonly hints: Hints;
  readonly seed: number;
  /** When the last job was done or lost, over when the oracle's was; both from the first job on. */
  readonly overOracle: number;
  readonly finishedAt: number;
  readonly oracleAt: number;
  readonly jobs: number;
  readonly lost: number;
  readonly lostReasons: readonly string[];
  /** Jobs that the engine did more than once. */
  readonly duplicates: number;
  readonly sent: number;
  readonly refusals: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** How many jobs were done when, at some times. */
  readonly progress: readonly (readonly [at: number, done: number])[];
  /** Undefined in virtual time. */
  readonly cost?: Cost;
}

/** What it took in real processes. */
export interface Cost {
  /** Of all clients, user and system, in real seconds. */
  readonly cpuSeconds: number;
  /** The longest hold-up of a client's event loop, in ms of its time. */
  readonly loopDelayMs: number;
  /** Of the machine, over the last minute, at the end. */
  readonly load: number;
}
