/** An engine without a model that answers every request at once, with the tokens that a test wants it to have used. */
import type {
  CountJob,
  EmbeddingJob,
  Engine,
  EngineDescription,
  GenerationJob,
  GenerationSink,
  RunningGeneration,
} from '#server/engines/engine.js';
import { contentEvent, ended, type UsedTokens } from './played-engine.js';

/** What `server-program.ts` is told. */
export interface ProgramSettings {
  readonly dataDir: string;
  /** 64 hex digits instead of the file in the data folder. */
  readonly secret?: string;
  readonly used?: UsedTokens;
  /** Settings over the defaults of tests, by section. */
  readonly settings?: Record<string, unknown>;
}

/** What every answer says. */
export const ANSWER = 'Hi';

export class AnsweringEngine implements Engine {
  /** What the next answers use. */
  used: UsedTokens;
  /** How many generations there were. */
  generations = 0;

  constructor(used: UsedTokens = {}) {
    this.used = used;
  }

  description(): EngineDescription {
    return { modelName: 'answers at once', contextTokens: 1024, completesTexts: true };
  }

  ready(): Promise<EngineDescription> {
    return Promise.resolve(this.description());
  }

  generate({ id }: GenerationJob, sink: GenerationSink): RunningGeneration {
    this.generations += 1;
    const end = ended(this.used);
    let isOver = false;
    setImmediate(() => {
      if (isOver) return;
      isOver = true;
      sink.onBegun();
      sink.onEvents(contentEvent(ANSWER, null, id));
      sink.onEnd({ ...end, lastEvents: contentEvent('', 'stop', id) });
    });
    const abort = () => {
      if (isOver) return;
      isOver = true;
      queueMicrotask(() => sink.onEnd({ ...end, finishReason: 'aborted' }));
    };
    return { abort };
  }

  embed(job: EmbeddingJob, sink: GenerationSink): RunningGeneration {
    this.generations += 1;
    const { prompt_tokens } = ended(this.used).usage;
    const end = ended({ prompt: prompt_tokens, completion: 0 });
    const usage = { prompt_tokens, total_tokens: prompt_tokens };
    const data = [{ object: 'embedding', index: 0, embedding: [1] }];
    const answer = JSON.stringify({ object: 'list', data, model: job.model, usage });
    setImmediate(() => {
      sink.onBegun();
      sink.onEnd({ ...end, lastEvents: Buffer.from(`data: ${answer}\n\n`) });
    });
    return { abort() {} };
  }

  countInputTokens(): Promise<number> {
    return Promise.resolve(ended(this.used).usage.prompt_tokens);
  }

  countPromptTokens(_job: CountJob): Promise<number> {
    return Promise.resolve(ended(this.used).usage.prompt_tokens);
  }

  async close(): Promise<void> {}
}
