/** The port of everything that is compared: how it is started for one cell of the table, and what is measured of it. */
import type { Target } from '../client/protocol.js';
import type { RequestBody, Sampling } from '../workload.js';

/** What a contender is started with. Everything is the same for all of them. */
export interface Setting {
  /** Absolute path of the GGUF file. */
  modelPath: string;
  /** Streams at the same time: the contender gets exactly as many slots. */
  width: number;
  /** Compute threads. */
  threads: number;
  /** A folder of the contender's own, which is removed afterwards. */
  folder: string;
}

/** A process whose CPU time is counted, by the part that it plays. */
export interface CountedProcess {
  role: 'server' | 'engine';
  processId: number;
}

/** A contender that is ready to be loaded. */
export interface RunningContender {
  target: Target;
  /** The processes that the contender started by itself. */
  processes: CountedProcess[];
  stop(): Promise<void>;
}

/** Something that is compared. */
export interface Contender {
  name: string;
  /** Body fields beside those of the contract which make it draw tokens as the others do. */
  adaptBody(sampling: Sampling): RequestBody;
  /** Starts it in fresh processes and resolves once it can answer. Throws, with its last words, when it cannot. */
  start(setting: Setting): Promise<RunningContender>;
}
