/** What a run leaves: the raw figures with all that is needed to read them. */
import type { Host } from '../support/machine.js';
import type { Measurement } from './figures.js';

/** A contender of the run. */
export interface Entry {
  name: string;
  version: string;
  duties: string;
}

/** A contender or scenario that did not take part. */
export interface Skipped {
  name: string;
  reason: string;
}

/** The file of results. */
export interface Results {
  date: string;
  machine: Host;
  settings: Record<string, unknown>;
  notes: readonly string[];
  contenders: readonly Entry[];
  skipped: readonly Skipped[];
  /** What decoding and parsing a prompt of 100 KiB takes, alone, in microseconds; one for each round. */
  decodeUs: readonly number[];
  measurements: readonly Measurement[];
}
