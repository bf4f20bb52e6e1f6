/** An engine that takes its time. */
import type { GenerationJob, GenerationSink, RunningGeneration } from '#server/engines/engine.js';
import { AnsweringEngine } from '../support/answering-engine.js';

export class SlowEngine extends AnsweringEngine {
  readonly #delayMs: number;

  /** @param delayMs How long it thinks before each answer. */
  constructor(delayMs: number) {
    super();
    this.#delayMs = delayMs;
  }

  override generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    let running: RunningGeneration | undefined;
    let isOver = false;
    setTimeout(() => {
      running = super.generate(job, sink);
      if (isOver) running.abort();
    }, this.#delayMs);
    const abort = () => {
      isOver = true;
      running?.abort();
    };
    return { abort };
  }
}
