/** Keeps what happens in the measured time, and nothing of what happens before and after it. */
import { Samples } from './samples.js';

/** What the loads write down. */
export class Recorder {
  readonly latencyMs = new Samples();
  readonly firstChunkMs = new Samples();
  readonly lateMs = new Samples();
  answers = 0;
  chunks = 0;
  lost = 0;
  unanswered = 0;
  /** Whether the measured time has begun and not ended. */
  isOpen = false;
}
