/** What is asked of the engine process, and what becomes of its frames: work, or a count of tokens. */
import { type GenerationEnd as EndPayload, FromEngine, type GenerationFailure, ToEngine } from '@plumb/llama/link';
import { type ApiError, readApiError } from '@plumb/wire';
import type { CountJob, EmbeddingJob, GenerationJob, GenerationSink } from '../engine.js';

/** Something asked of the engine process. */
export interface Call {
  /** The frame that asks. */
  readonly kind: number;
  readonly payload: string;
  /** Whether the engine has said anything yet; until then it can be asked again. */
  readonly hasBegun: boolean;
  receive(kind: number, payload: Buffer): void;
  fail(error: ApiError): void;
}

/** What only the last chunk has: inside a text its quotes would be escaped. */
const FINISH_MARK = Buffer.from('"finish_reason":"');

/** Something that the engine works on until its one ending: a generation, or embeddings. */
export class WorkCall implements Call {
  readonly kind: number;
  readonly payload: string;
  readonly #sink: GenerationSink;
  readonly #isLast: (events: Buffer) => boolean;
  hasBegun = false;
  #lastEvents: Buffer | undefined;

  static generate(job: GenerationJob, sink: GenerationSink): WorkCall {
    return new WorkCall(ToEngine.generate, job, sink, (events) => events.includes(FINISH_MARK));
  }

  static embed(job: EmbeddingJob, sink: GenerationSink): WorkCall {
    return new WorkCall(ToEngine.embed, job, sink, () => true);
  }

  private constructor(kind: number, job: object, sink: GenerationSink, isLast: (events: Buffer) => boolean) {
    this.kind = kind;
    this.payload = JSON.stringify(job);
    this.#sink = sink;
    this.#isLast = isLast;
  }

  receive(kind: number, payload: Buffer): void {
    this.hasBegun = true;
    if (kind === FromEngine.events) this.#receiveEvents(payload);
    else if (kind === FromEngine.begun) this.#sink.onBegun();
    else if (kind === FromEngine.end) this.#receiveEnd(parse<EndPayload>(payload));
    else if (kind === FromEngine.failed) {
      const { status, body, usage } = parse<GenerationFailure>(payload);
      this.#sink.onFailure(readApiError(status, body), usage);
    }
  }

  fail(error: ApiError): void {
    this.#sink.onFailure(error);
  }

  #receiveEvents(payload: Buffer): void {
    if (this.#isLast(payload)) this.#lastEvents = payload;
    else this.#sink.onEvents(payload);
  }

  #receiveEnd(end: EndPayload): void {
    this.#sink.onEnd(this.#lastEvents === undefined ? end : { ...end, lastEvents: this.#lastEvents });
  }
}

export class CountCall implements Call {
  readonly kind: number;
  readonly payload: string;
  readonly hasBegun = false;
  readonly #answer = Promise.withResolvers<number>();

  static prompt(job: CountJob): CountCall {
    return new CountCall(ToEngine.count, job);
  }

  static inputs(job: Pick<EmbeddingJob, 'request'>): CountCall {
    return new CountCall(ToEngine.countInputs, job);
  }

  private constructor(kind: number, job: object) {
    this.kind = kind;
    this.payload = JSON.stringify(job);
  }

  /** The tokens that were counted. */
  get answer(): Promise<number> {
    return this.#answer.promise;
  }

  receive(kind: number, payload: Buffer): void {
    if (kind === FromEngine.counted) this.#answer.resolve(parse<{ prompt_tokens: number }>(payload).prompt_tokens);
    else {
      const { status, body } = parse<GenerationFailure>(payload);
      this.fail(readApiError(status, body));
    }
  }

  fail(error: ApiError): void {
    this.#answer.reject(error);
  }
}

function parse<Payload>(payload: Buffer): Payload {
  return JSON.parse(payload.toString()) as Payload;
}
