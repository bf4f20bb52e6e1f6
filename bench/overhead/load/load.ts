/** The port of the ways in which requests follow each other. */
import { setTimeout as delay } from 'node:timers/promises';
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
  /** Sends nothing more, and resolves when what is under way has ended, or is given up after so many ms. */
  stop(limitMs: number): Promise<void>;
}

/** Between two looks whether all has ended, in ms. */
const POLL_MS = 10;

/** Resolves when nothing is under way any more, or after so many ms. */
export async function waitForEnd(isUnderWay: () => boolean, limitMs: number): Promise<void> {
  const limit = performance.now() + limitMs;
  while (isUnderWay() && performance.now() < limit) await delay(POLL_MS);
}
