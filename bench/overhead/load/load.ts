/** The port of the ways in which requests follow each other. */
import type { Job } from './protocol.js';
import type { Recorder } from './recorder.js';

/** What a load is started with. */
export interface LoadContext {
  readonly job: Job;
  readonly request: Buffer;
  readonly recorder: Recorder;
  /** Memory that its connections read into. */
  readonly memory: Buffer;
  /** Ends the job, with a sentence for the user. */
  fail(error: Error): void;
}

/** A load that goes on. */
export interface RunningLoad {
  /** Sends nothing more, and resolves when what is under way has ended or has been given up. */
  stop(): Promise<void>;
}
