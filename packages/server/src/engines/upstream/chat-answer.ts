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
  /** Events that nobody has taken yet. */
  readonly #output = new Output();
  readonly #isBuffered: boolean;
  /** How many events of a buffered answer somebody has heard of. */
  #heard = 0;

  /**
   * @param model The engine's name of the model.
   * @param isBuffered Whether all of the answer is taken at its end.
   */
  constructor(
    job: GenerationJob,
    model: string,
    { endpoint, kind, estimator, forms }: UpstreamParts,
    isBuffered = false,
  ) {
    this.thinking = job.thinking;
    this.#isBuffered = isBuffered;
    this.#translator = new AnswerTranslator({
      ...{ job, estimator, fingerprint: endpoint.fingerprint(kind.name, model) },
      write: isBuffered ? undefined : (events) => this.#output.write(events),
    });
    this.#body = new BodyReader({
      ...{ translator: this.#translator, reasoningFields: kind.reasoningFields, output: this.#output, forms },
      redact: (text) => endpoint.redact(text),
    });
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
    const response = this.#translator.response();
    return response === undefined ? end : { ...end, response };
  }

  usage(): Usage {
    return this.#translator.usage();
  }

  take(): Buffer | undefined {
    if (this.#isBuffered) return this.#takeNews();
    return this.#output.take();
  }

  #takeNews(): Buffer | undefined {
    if (!this.hasOutput || this.events === this.#heard) return undefined;
    this.#heard = this.events;
    return NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);
