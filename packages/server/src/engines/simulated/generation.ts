/** One request's life in the simulated engine: what of its answer has been generated, and what has been sent. */
import { type ApiError, ChunkWriter, type Usage } from '@plumb/wire';
import type { GenerationJob, GenerationSink } from '../engine.js';
import type { Sequence } from './batch.js';
import type { AnswerPiece, AnswerPlan } from './plan-answer.js';
import { writeLogprobs } from './write-logprobs.js';

/** What a generation tells the engine. */
export interface GenerationOwner {
  /** How many tokens of the prompt the cache holds; asked once, when the request gets a slot. */
  findCached(): number;
  /** The prompt has been read. */
  prefilled(): void;
  /** The generation is over: `content` is what was said in words. */
  ended(content: string): void;
}

export interface GenerationParts {
  readonly job: GenerationJob;
  readonly sink: GenerationSink;
  readonly plan: AnswerPlan;
  readonly promptTokens: number;
  readonly fingerprint: string;
  readonly owner: GenerationOwner;
}

export class SimulatedGeneration implements Sequence {
  readonly #parts: GenerationParts;
  readonly #writer: ChunkWriter;
  readonly #isStreamed: boolean;
  /** Tokens that have been generated. */
  #tokens = 0;
  /** Pieces that are complete, and those of them that have been sent. */
  #complete = 0;
  #sent = 0;
  /** Tokens of the next piece that have been generated. */
  #begunTokens = 0;
  #hasBegun = false;
  #hasSentFirst = false;
  #hasEnded = false;
  #isPaused = false;
  #hitTokens = 0;

  constructor(parts: GenerationParts) {
    const { id, created, model, request, thinking } = parts.job;
    this.#parts = parts;
    this.#isStreamed = request.stream === true;
    this.#writer = new ChunkWriter({
      ...{ id, created, model, thinking, fingerprint: parts.fingerprint },
      includeUsage: request.stream_options?.include_usage === true,
    });
  }

  begin(): number {
    this.#hasBegun = true;
    this.#hitTokens = this.#parts.owner.findCached();
    this.#parts.sink.onBegun();
    return this.#parts.promptTokens - this.#hitTokens;
  }

  prefilled(): void {
    this.#parts.owner.prefilled();
  }

  step(): boolean {
    const { pieces } = this.#parts.plan;
    const piece = pieces[this.#complete];
    if (piece === undefined) return true;
    this.#tokens += 1;
    this.#begunTokens += 1;
    if (this.#begunTokens < piece.tokens) return false;
    this.#begunTokens = 0;
    this.#complete += 1;
    return this.#complete === pieces.length;
  }

  flush(): void {
    if (this.#hasEnded || this.#isPaused) return;
    const isLast = this.#complete === this.#parts.plan.pieces.length;
    const events = this.#isStreamed || isLast ? this.#takeEvents() : '';
    if (events !== '') this.#parts.sink.onEvents(Buffer.from(events));
    if (isLast) this.#end();
  }

  /** Stops at once; the sink hears of it in a moment. */
  abort(): void {
    if (this.#hasEnded) return;
    this.#conclude();
    const usage = this.#usage();
    queueMicrotask(() => this.#parts.sink.onEnd({ usage, finishReason: 'aborted' }));
  }

  /** Ends it with an error. */
  fail(error: ApiError): void {
    if (this.#hasEnded) return;
    this.#conclude();
    this.#parts.sink.onFailure(error, this.#hasBegun ? this.#usage() : undefined);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#hasBegun && this.#tokens > 0) this.flush();
  }

  #end(): void {
    const { plan, sink } = this.#parts;
    const { finishReason } = plan;
    const usage = this.#usage();
    this.#conclude();
    sink.onEnd({ usage, finishReason, lastEvents: Buffer.from(this.#writer.last(finishReason, usage)) });
  }

  #conclude(): void {
    this.#hasEnded = true;
    const said = this.#parts.plan.pieces.slice(0, this.#complete);
    this.#parts.owner.ended(said.map((piece) => (piece.kind === 'content' ? piece.text : '')).join(''));
  }

  #takeEvents(): string {
    const pieces = this.#parts.plan.pieces.slice(this.#sent, this.#complete);
    this.#sent = this.#complete;
    const first = this.#hasSentFirst ? '' : this.#writer.first();
    this.#hasSentFirst = true;
    return first + pieces.map((piece) => this.#writePiece(piece)).join('');
  }

  #writePiece(piece: AnswerPiece): string {
    switch (piece.kind) {
      case 'reasoning':
        return this.#writer.reasoning(piece.text, this.#logprobs(piece, 'reasoning_content'));
      case 'content':
        return this.#writer.content(piece.text, this.#logprobs(piece, 'content'));
      case 'call': {
        const { id, name } = piece.call;
        const called = { index: piece.index, id, type: 'function', function: { name, arguments: '' } } as const;
        return this.#writer.toolCalls([called]);
      }
      case 'arguments':
        return this.#writer.toolCalls([{ index: piece.index, function: { arguments: piece.text } }]);
      default:
        return '';
    }
  }

  #logprobs(piece: AnswerPiece & { kind: 'reasoning' | 'content' }, key: 'content' | 'reasoning_content') {
    const { logprobs, top_logprobs } = this.#parts.job.request;
    if (logprobs !== true) return null;
    return {
      content: null,
      reasoning_content: null,
      [key]: writeLogprobs(piece, top_logprobs ?? 0, this.#parts.plan.random),
    };
  }

  #usage(): Usage {
    const { plan, job, promptTokens } = this.#parts;
    const prompt = this.#hasBegun ? promptTokens : 0;
    return {
      prompt_tokens: prompt,
      completion_tokens: this.#tokens,
      total_tokens: prompt + this.#tokens,
      prompt_tokens_details: { cached_tokens: this.#hitTokens },
      ...(job.thinking && { completion_tokens_details: { reasoning_tokens: this.#reasoningTokens(plan) } }),
      prompt_cache_hit_tokens: this.#hitTokens,
      prompt_cache_miss_tokens: prompt - this.#hitTokens,
    };
  }

  /** Reasoning comes first. */
  #reasoningTokens({ pieces }: AnswerPlan): number {
    const planned = pieces.reduce((sum, piece) => sum + (piece.kind === 'reasoning' ? piece.tokens : 0), 0);
    return Math.min(planned, this.#tokens);
  }
}
