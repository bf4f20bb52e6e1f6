/** One request's life inside the engine: what it still has to read, what it has drawn, what it says to the client. */
import { type ApiError, errorBody, type FinishReason, serviceUnavailable, type Usage } from '@plumb/wire';
import type { AnswerPlan } from '../answer/answer-plan.js';
import type { GenerateJob, GenerationEnd, GenerationFailure } from '../link/index.js';
import type { Draw } from '../native/native-model.js';
import type { Sampler } from '../native/sampler.js';
import type { Prompt } from '../prompt/prompt-builder.js';
import { thinkingBudget } from '../prompt/thinking-budget.js';
import { AnswerConstraint, type ConstraintKit } from './answer-constraint.js';
import { AnswerEvents } from './answer-events.js';
import { AnswerText } from './answer-text.js';
import type { SamplerLease } from './sampler-pool.js';
import { type TokenNames, writeLogprob } from './token-logprobs.js';
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
  readonly names: TokenNames;
  /** The tokens that end a turn. */
  readonly endTokens: ReadonlySet<number>;
  readonly constraints: ConstraintKit;
  /** What is fed to close the think block of a model that was not trained to think. */
  readonly closingTokens: Uint32Array;
  /** The most reasoning tokens of such a model, at the effort `high`. */
  readonly thinkingTokens: number;
  readonly fingerprint: string;
}

/** What one generation is made of. */
export interface GenerationOptions {
  readonly job: GenerateJob;
  readonly prompt: Prompt;
  readonly plan: AnswerPlan;
  readonly sampling: SamplerLease;
  readonly kit: GenerationKit;
  readonly output: GenerationOutput;
}

export class Generation {
  readonly scope: string;
  readonly promptTokens: Uint32Array;
  /** Whether the probabilities of what is drawn are wanted. */
  readonly wantsLikelihoods: boolean;
  readonly #kit: GenerationKit;
  readonly #output: GenerationOutput;
  readonly #plan: AnswerPlan;
  readonly #events: AnswerEvents;
  readonly #text: AnswerText;
  readonly #decoder: TokenDecoder;
  readonly #sampling: SamplerLease;
  readonly #constraint: AnswerConstraint;
  /** What of the content the caller has written. */
  readonly #begun: string;
  readonly #thinking: boolean;
  readonly #isStreamed: boolean;
  readonly #topLogprobs: number;
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
  #hasContent = false;
  /** Whether the latest call is one that was made before: small models then go on with the same one. */
  #isRepeating = false;
  #hasBegun = false;
  #hasEnded = false;

  constructor({ job, prompt, plan, sampling, kit, output }: GenerationOptions) {
    const { request, thinking } = job;
    this.scope = job.cacheScope;
    this.promptTokens = prompt.tokens;
    this.wantsLikelihoods = request.logprobs === true;
    this.#pending = prompt.tokens;
    this.#kit = kit;
    this.#output = output;
    this.#plan = plan;
    this.#sampling = sampling;
    this.#constraint = new AnswerConstraint(kit.constraints, sampling.sampler, this.#drawn);
    this.#begun = prompt.begun;
    this.#thinking = thinking;
    this.#isStreamed = request.stream === true;
    this.#topLogprobs = request.top_logprobs ?? 0;
    this.#maxTokens = prompt.maxTokens;
    this.#mustAnswer = prompt.mustCloseThinking;
    // The answer keeps at least half of what the caller allowed.
    const half = Math.floor(prompt.maxTokens / 2);
    this.#reasoningBudget = this.#mustAnswer
      ? Math.min(thinkingBudget(kit.thinkingTokens, job.effort), half)
      : Number.POSITIVE_INFINITY;
    this.#decoder = new TokenDecoder(kit.texts);
    this.#text = this.#createText(prompt, request);
    this.#events = new AnswerEvents({
      ...job,
      fingerprint: kit.fingerprint,
      includeUsage: request.stream_options?.include_usage === true,
      isStreamed: this.#isStreamed,
      hasLogprobs: this.wantsLikelihoods,
    });
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
    else if (this.#text.phase === 'content') this.#enterAnswer(this.#begun);
    this.#output.begun();
  }

  /** The first pending tokens have been read. */
  advance(tokens: number): void {
    this.#pending = this.#pending.subarray(tokens);
  }

  /** Takes the token that was drawn after everything pending was read. */
  accept(draw: Draw): void {
    if (this.#hasEnded) return;
    this.#isReading = false;
    if (draw.token < 0) this.fail(serviceUnavailable({ detail: 'no token could be drawn' }));
    else if (this.#kit.endTokens.has(draw.token)) this.#endTurn();
    else this.#addToken(draw);
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

  #createText({ start }: Prompt, { stop }: GenerateJob['request']): AnswerText {
    return new AnswerText(start, stopsOf(stop), this.#plan.calls, {
      reasoning: (text) => this.#thinking && this.#events.reasoning(text),
      content: (text) => this.#onContent(text),
      opened: (rest) => this.#onOpened(rest),
      callStart: (index, name) => {
        this.#hasContent = true;
        this.#events.callStart(index, name);
      },
      callArguments: (index, text) => this.#events.callArguments(index, text),
      callEnd: (index) => {
        this.#isRepeating = this.#events.isRepeated(index);
      },
    });
  }

  #addToken(draw: Draw): void {
    this.#drawn.push(draw.token);
    this.#pending = Uint32Array.of(draw.token);
    this.#constraint.follow(draw.token);
    const before = this.#text.phase;
    const text = this.#decoder.push(draw.token);
    this.#noteLogprob(draw, text);
    this.#text.push(text);
    const { phase } = this.#text;
    if (before === 'reasoning') this.#reasoningTokens++;
    // What came before an opening tag belongs to it.
    else if (before === 'either' && phase === 'reasoning') this.#reasoningTokens = this.#drawn.length;
    if (phase === 'stopped') this.#finish('stop');
    else if (this.#isRepeating) this.#finish('tool_calls');
    else if (this.#drawn.length === this.#maxTokens) this.#finish('length');
    else if (phase === 'reasoning' && this.#reasoningTokens >= this.#reasoningBudget) this.#closeThinking();
    else if (before === 'reasoning' && phase === 'content' && !this.#hasContent) this.#enterAnswer('');
  }

  /** The tokens of calls are not reported: the contract has a list for words and one for reasoning. */
  #noteLogprob({ token, likelihoods }: Draw, text: string): void {
    if (likelihoods === undefined || this.#text.isInCalls) return;
    const part = this.#text.phase === 'reasoning' ? 'reasoning' : 'content';
    // White space before an answer is not shown.
    if (part === 'content' && !this.#hasContent && text !== '' && text.trim() === '') return;
    this.#events.expect(part, writeLogprob(token, likelihoods, this.#topLogprobs, this.#kit.names), text.length);
  }

  #endTurn(): void {
    const mustGoOn = this.#mustAnswer || this.#plan.grammar !== undefined;
    if (mustGoOn && this.#text.phase === 'reasoning') this.#closeThinking();
    else this.#finish(this.#events.hasCalls ? 'tool_calls' : 'stop');
  }

  /** Closes the think block for the model. */
  #closeThinking(): void {
    this.#text.push(this.#decoder.end());
    this.#text.closeReasoning();
    this.#pending = joinTokens(this.#pending, this.#kit.closingTokens);
    this.#isReading = true;
    this.#enterAnswer('');
  }

  /** The answer begins: a grammar binds, and the turn is kept from ending before there is something. */
  #enterAnswer(written: string): boolean {
    if (this.#mustAnswer) this.#constraint.holdOpen();
    const { grammar } = this.#plan;
    return grammar === undefined || this.#constraint.isBound || this.#constraint.bind(grammar, written);
  }

  #onContent(text: string): void {
    // The last token of the reasoning can go on into the answer. What the grammar does not allow there is dropped.
    const isLate = this.#plan.grammar !== undefined && !this.#constraint.isBound;
    if (isLate && !this.#enterAnswer(text)) return;
    this.#hasContent = true;
    this.#constraint.letEnd();
    this.#events.content(text);
  }

  /** The first call begins. Where the model was free to write it or not, the grammar binds from here on. */
  #onOpened(rest: string): boolean {
    const grammar = this.#plan.calls?.grammar;
    if (grammar === undefined) return this.#constraint.isBound;
    if (!this.#constraint.bind(grammar, rest)) return false;
    this.#constraint.letEnd();
    return true;
  }

  #finish(reason: FinishReason): void {
    this.#text.push(this.#decoder.end());
    this.#text.end();
    const usage = this.#usage();
    this.#events.last(reason, usage);
    this.#sendEvents();
    this.#hasEnded = true;
    this.#output.end({ usage, finishReason: reason });
  }

  #sendEvents(): void {
    const events = this.#events.take();
    if (events !== '') this.#output.events(events);
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
