/** An engine that takes as long for each answer, by a clock of the test, as the prompt says in ms. */

import type { Clock } from '#client/index.js';
import type { Engine, EngineDescription, GenerationJob, GenerationSink } from '#server/engines/engine.js';
import { contentEvent, ended } from '../../support/played-engine.js';

export class TimedEngine implements Engine {
  /** Generations that run. */
  running = 0;
  /** The prompts of those that were completed. */
  readonly completed: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  description(): EngineDescription {
    return { modelName: 'takes its time', contextTokens: 1024 };
  }

  ready(): Promise<EngineDescription> {
    return Promise.resolve(this.description());
  }

  generate({ id, request }: GenerationJob, sink: GenerationSink) {
    const prompt = String(request.messages[0]?.content);
    this.running++;
    const cancel = this.#clock.after(Number(prompt.split(' ')[0]), () => {
      this.running--;
      this.completed.push(prompt);
      sink.onBegun();
      sink.onEvents(contentEvent('Done', null, id));
      sink.onEnd({ ...ended(), lastEvents: contentEvent('', 'stop', id) });
    });
    return {
      abort: () => {
        cancel();
        this.running--;
        queueMicrotask(() => sink.onEnd({ ...ended(), finishReason: 'aborted' }));
      },
    };
  }

  countPromptTokens(): Promise<number> {
    return Promise.resolve(ended().usage.prompt_tokens);
  }

  async close(): Promise<void> {}
}
