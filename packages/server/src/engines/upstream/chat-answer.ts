/** The answer to a chat, or a text that is continued, as it comes from an upstream engine. */
import type { Usage } from '@plumb/wire';
import type { GenerationEnd, GenerationJob } from '../engine.js';
import type { UpstreamAnswer } from './answer.js';
import type { UpstreamFailure } from './failure.js';
import { Output } from './output.js';
import { BodyReader } from './read-body.js';
import { AnswerTranslator } from './translate-answer.js';
import type { UpstreamParts } from './upstream-parts.js';

export class ChatAnswer implements UpstreamAnswer {
  readonly thinking: boolean;
  readonly #translator: AnswerTranslator;
  readonly #body: BodyReader;
  /** Events that nobody has taken yet; undefined where all of the answer is taken at its end. */
  readonly #output: Output | undefined;
  /** How many events of a buffered answer somebody has heard of. */
  #heard = 0;

  /**
   * @param model The engine's name of the model.
   * @param isBuffered Whether all of the answer is taken at its end.
   */
  constructor(job: GenerationJob, model: string, upstream: UpstreamParts, isBuffered = false) {
    const output = isBuffered ? undefined : new Output(upstream.room);
    this.thinking = job.thinking;
    this.#output = output;
    this.#translator = new AnswerTranslator({ job, model, upstream, output });
    this.#body = new BodyReader({ translator: this.#translator, upstream, output });
  }

  get isDone(): boolean {
    return this.#body.isDone;
  }

  get events(): number {
    return this.#body.events;
  }

  get hasOutput(): boolean {
    return this.#translator.hasOutput;
  }

  get isFinished(): boolean {
    return this.#translator.isFinished;
  }

  push(bytes: Buffer): UpstreamFailure | undefined {
    return this.#body.push(bytes);
  }

  end(): UpstreamFailure | undefined {
    return this.#body.end();
  }

  conclude(): GenerationEnd {
    const end = this.#translator.end();
    const lastEvents = this.#output?.take();
    return lastEvents === undefined ? end : { ...end, lastEvents };
  }

  usage(): Usage {
    return this.#translator.usage();
  }

  take(): Buffer | undefined {
    return this.#output === undefined ? this.#takeNews() : this.#output.take();
  }

  #takeNews(): Buffer | undefined {
    if (this.events === this.#heard || !this.hasOutput) return undefined;
    this.#heard = this.events;
    return NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);
