/** One request's life inside the engine: what it still has to read, what it has drawn, what it says to the client. */
import {
  type ApiError,
  ChunkWriter,
  errorBody,
  type FinishReason,
  OutputSplitter,
  serviceUnavailable,
  type Usage,
} from '@plumb/wire';
import type { GenerateJob, GenerationEnd, GenerationFailure } from '../link/index.js';
import type { Sampler } from '../native/sampler.js';
import type { Prompt } from '../prompt/prompt-builder.js';
import { thinkingBudget } from '../prompt/thinking-budget.js';
import type { SamplerLease } from './sampler-pool.js';
import { TokenDecoder, type TokenTexts } from './token-texts.js';

/** Where a generation's news go. Exactly one of `end` and `failed` is called, last. */
export interface GenerationOutput {
  begun(): void;
  /** One or more whole server-sent events. */
  events(text: string): void;
  end(end: GenerationEnd): void;
  failed(failure: GenerationFailure): void;
}

/** What all generations of a model share. */
export interface GenerationKit {
  readonly texts: TokenTexts;
  /** The tokens that end a turn. */
  readonly endTokens: ReadonlySet<number>;
  /** The tokens that an answer must not consist of: those above, and all others without a text. */
  readonly controlTokens: readonly number[];
  /** What is fed to close the think block of a model that was not trained to think. */
  readonly closingTokens: Uint32Array;
  /** The most reasoning tokens of such a model, at the effort `high`. */
  readonly thinkingTokens: number;
  readonly fingerprint: string;
}

export class Generation {
  readonly scope: string;
  readonly promptTokens: Uint32Array;
  readonly #kit: GenerationKit;
  readonly #output: GenerationOutput;
  readonly #chunks: ChunkWriter;
  readonly #splitter: OutputSplitter;
  readonly #decoder: TokenDecoder;
  readonly #sampling: SamplerLease;
  readonly #thinking: boolean;
  /** A request that is not streamed gets its texts in one piece each, which costs less than one for each token. */
  readonly #isStreamed: boolean;
  readonly #maxTokens: number;
  /** Whether the think block is closed for the model, and an answer made sure of. */
  readonly #mustAnswer: boolean;
  /** After so many reasoning tokens the think block is closed. */
  readonly #reasoningBudget: number;
  #pending: Uint32Array;
  #isReading = true;
  #hitTokens = 0;
  readonly #drawn: number[] = [];
  #reasoningTokens = 0;
  /** What has not been sent yet. */
  #events: string;
  #reasoning = '';
  #content = '';
  /** Whether the turn must not end yet, because there is no answer. */
  #isHeldOpen = false;
  #hasContent = false;
  #hasBegun = false;
  #hasEnded = false;

  constructor(job: GenerateJob, prompt: Prompt, sampling: SamplerLease, kit: GenerationKit, output: GenerationOutput) {
    const { request, thinking } = job;
    this.scope = job.cacheScope;
    this.promptTokens = prompt.tokens;
    this.#pending = prompt.tokens;
    this.#kit = kit;
    this.#output = output;
    this.#sampling = sampling;
    this.#thinking = thinking;
    this.#isStreamed = request.stream === true;
    this.#maxTokens = prompt.maxTokens;
    this.#mustAnswer = prompt.mustCloseThinking;
    // The answer keeps at least half of what the caller allowed.
    const half = Math.floor(prompt.maxTokens / 2);
    this.#reasoningBudget = this.#mustAnswer
      ? Math.min(thinkingBudget(kit.thinkingTokens, job.effort), half)
      : Number.POSITIVE_INFINITY;
    this.#decoder = new TokenDecoder(kit.texts);
    this.#splitter = new OutputSplitter(prompt.start, stopsOf(request.stop), {
      reasoning: (text) => this.#onReasoning(text),
      content: (text) => this.#onContent(text),
    });
    this.#chunks = new ChunkWriter({
      ...job,
      fingerprint: kit.fingerprint,
      includeUsage: request.stream_options?.include_usage === true,
    });
    this.#events = this.#chunks.first();
  }

  /** The tokens that have to be read before the next one can be drawn; at least one. */
  get pending(): Uint32Array {
    return this.#pending;
  }

  /** Whether the pending tokens are a text to be read, rather than the token that was drawn last. */
  get isReading(): boolean {
    return this.#isReading;
  }

  get sampler(): Sampler {
    return this.#sampling.sampler;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Reading begins. `hitTokens` of the prompt are in the cache already; at least one token is not. */
  begin(hitTokens: number): void {
    this.#hasBegun = true;
    this.#hitTokens = hitTokens;
    this.#pending = this.promptTokens.subarray(hitTokens);
    if (this.#reasoningBudget === 0) this.#closeThinking();
    this.#output.begun();
  }

  /** The first pending tokens have been read. */
  advance(tokens: number): void {
    this.#pending = this.#pending.subarray(tokens);
  }

  /** Takes the token that was drawn after everything pending was read. */
  accept(token: number): void {
    if (this.#hasEnded) return;
    this.#isReading = false;
    if (token < 0) this.fail(serviceUnavailable({ detail: 'no token could be drawn' }));
    else if (this.#kit.endTokens.has(token)) this.#endTurn();
    else this.#addToken(token);
    if (this.#isStreamed && !this.#hasEnded) this.#sendEvents();
  }

  /** Ends the generation because nobody wants it any more. */
  abort(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#output.end({ usage: this.#usage(), finishReason: 'aborted' });
  }

  fail(error: ApiError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const usage = this.#hasBegun ? { usage: this.#usage() } : {};
    this.#output.failed({ status: error.status, body: errorBody(error), ...usage });
  }

  /** Gives back what the generation holds; to be called once, when nothing is drawn for it any more. */
  release(): void {
    this.#sampling.release();
  }

  #addToken(token: number): void {
    this.#drawn.push(token);
    this.#pending = Uint32Array.of(token);
    const before = this.#splitter.phase;
    this.#splitter.push(this.#decoder.push(token));
    const { phase } = this.#splitter;
    if (before === 'reasoning') this.#reasoningTokens++;
    // What came before an opening tag belongs to it.
    else if (before === 'either' && phase === 'reasoning') this.#reasoningTokens = this.#drawn.length;
    if (phase === 'stopped') this.#finish('stop');
    else if (this.#drawn.length === this.#maxTokens) this.#finish('length');
    else if (phase === 'reasoning' && this.#reasoningTokens >= this.#reasoningBudget) this.#closeThinking();
    else if (before === 'reasoning' && phase === 'content' && !this.#hasContent) this.#holdOpen();
  }

  #endTurn(): void {
    if (this.#mustAnswer && this.#splitter.phase === 'reasoning') this.#closeThinking();
    else this.#finish('stop');
  }

  /** Closes the think block for the model. */
  #closeThinking(): void {
    this.#splitter.push(this.#decoder.end());
    this.#splitter.closeReasoning();
    this.#pending = joinTokens(this.#pending, this.#kit.closingTokens);
    this.#isReading = true;
    this.#holdOpen();
  }

  /** Keeps the turn from ending before there is an answer. */
  #holdOpen(): void {
    if (!this.#mustAnswer) return;
    this.#isHeldOpen = true;
    this.sampler.forbid(this.#kit.controlTokens, this.#drawn);
  }

  #onReasoning(text: string): void {
    if (!this.#thinking) return;
    if (this.#isStreamed) this.#addEvents(this.#chunks.reasoning(text));
    else this.#reasoning += text;
  }

  #onContent(text: string): void {
    this.#hasContent = true;
    if (this.#isHeldOpen) {
      this.#isHeldOpen = false;
      this.sampler.allowAll(this.#drawn);
    }
    if (this.#isStreamed) this.#addEvents(this.#chunks.content(text));
    else this.#content += text;
  }

  #finish(reason: FinishReason): void {
    this.#splitter.push(this.#decoder.end());
    this.#splitter.end();
    if (this.#reasoning !== '') this.#addEvents(this.#chunks.reasoning(this.#reasoning));
    if (this.#content !== '') this.#addEvents(this.#chunks.content(this.#content));
    const usage = this.#usage();
    this.#addEvents(this.#chunks.last(reason, usage));
    this.#sendEvents();
    this.#hasEnded = true;
    this.#output.end({ usage, finishReason: reason });
  }

  #addEvents(events: string): void {
    this.#events += events;
  }

  #sendEvents(): void {
    if (this.#events === '') return;
    this.#output.events(this.#events);
    this.#events = '';
  }

  #usage(): Usage {
    const prompt = this.#hasBegun ? this.promptTokens.length : 0;
    const completion = this.#drawn.length;
    return {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: this.#hitTokens },
      ...(this.#thinking ? { completion_tokens_details: { reasoning_tokens: this.#reasoningTokens } } : {}),
      prompt_cache_hit_tokens: this.#hitTokens,
      prompt_cache_miss_tokens: prompt - this.#hitTokens,
    };
  }
}

function stopsOf(stop: GenerateJob['request']['stop']): readonly string[] {
  if (stop === null || stop === undefined) return [];
  return typeof stop === 'string' ? [stop] : stop;
}

function joinTokens(first: Uint32Array, second: Uint32Array): Uint32Array {
  const joined = new Uint32Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
