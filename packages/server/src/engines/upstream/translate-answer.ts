/**
 * Turns what an engine says, chunk by chunk, into events of our contract: reasoning before the answer, tool calls in
 * order, markup parsed, one ending. Nothing is written before there is something to show.
 */
import {
  type ChatResponse,
  ChunkWriter,
  type DeltaToolCall,
  type FinishReason,
  type Logprobs,
  ResponseWriter,
  type Usage,
} from '@plumb/wire';
import type { GenerationJob } from '../engine.js';
import { AnswerCount, type Channel } from './answer-count.js';
import { AnswerText, type TextReceiver } from './answer-text.js';
import type { MarkupCall } from './markup/parse-call.js';
import type { Output } from './output.js';
import { PendingLogprobs } from './pending-logprobs.js';
import { finishOfPlain, isPlainAnswer, writePlainAnswer } from './plain-answer.js';
import { type ChunkContent, FINISH_ERROR } from './read-chunk.js';
import { ToolCalls } from './tool-calls.js';
import type { UpstreamParts } from './upstream-parts.js';

export interface TranslationParts {
  readonly job: GenerationJob;
  readonly upstream: UpstreamParts;
  /** The engine's name of the model. */
  readonly model: string;
  /** Takes whole events as they become ready; undefined where all of the answer is read at its end. */
  readonly output: Output | undefined;
}

export class AnswerTranslator implements TextReceiver {
  readonly #parts: TranslationParts;
  readonly #count: AnswerCount;
  /** Whether the probabilities of tokens are part of the answer. */
  readonly wantsLogprobs: boolean;
  /** Each of these is made when it is needed. */
  #text: AnswerText | undefined;
  #calls: ToolCalls | undefined;
  #logprobs: PendingLogprobs | undefined;
  #writer: ChunkWriter | ResponseWriter | undefined;
  /** The whole answer, where it needs no translation. */
  #plain: ChunkContent | undefined;
  #fingerprint: string | undefined;
  #hasReasoning = false;
  #hasContent = false;
  #hasFailed = false;
  #finishReason: FinishReason | undefined;

  constructor(parts: TranslationParts) {
    this.#parts = parts;
    this.#count = new AnswerCount(parts.job, parts.upstream.estimator);
    this.wantsLogprobs = parts.job.request.logprobs === true;
  }

  /** Whether the engine has said that the answer is complete. */
  get isFinished(): boolean {
    return this.#finishReason !== undefined;
  }

  /** Whether the engine has produced anything of the answer. */
  get hasOutput(): boolean {
    return this.#count.hasPieces || this.isFinished;
  }

  /** Whether the engine has said that it could not go on. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** What writes the chunks; undefined until the first one, and where none are written. */
  get writer(): ChunkWriter | undefined {
    return this.#writer instanceof ChunkWriter ? this.#writer : undefined;
  }

  /** Whether a text without a `<` would be written into a chunk as it is. */
  isPlain(channel: Channel): boolean {
    if (this.#text === undefined || this.wantsLogprobs || this.writer === undefined) return false;
    // Before any content was shown, white space after a think block is not.
    const isShown = channel === 'content' ? this.#hasContent : this.#showsReasoning;
    return isShown && this.#text.isPlain(channel);
  }

  /** A piece of text has been written without coming through here. */
  countPiece(channel: Channel): void {
    this.#count.addPiece(channel);
  }

  /** Takes a chunk. @throws RangeError when a tool call in the text is too large. */
  add(chunk: ChunkContent): void {
    this.#fingerprint ??= chunk.fingerprint;
    this.#count.tell(chunk.usage);
    if (this.wantsLogprobs) this.#addLogprobs(chunk.logprobs);
    if (chunk.reasoning !== '') {
      this.countPiece('reasoning');
      this.#openText().pushReasoning(chunk.reasoning);
    }
    if (chunk.content !== '') {
      const text = this.#openText();
      text.pushContent(chunk.content);
      this.countPiece(text.isInThinkBlock ? 'reasoning' : 'content');
    }
    for (const piece of chunk.toolCalls) {
      this.countPiece('content');
      this.#writeCalls(this.#openCalls().add(piece));
    }
    if (chunk.finishReason === FINISH_ERROR) this.#hasFailed = true;
    else this.#finishReason ??= chunk.finishReason;
  }

  /** Takes an answer that came as a whole, which is one piece of many tokens. */
  addWhole(chunk: ChunkContent): void {
    const { job, upstream, output } = this.#parts;
    if (output === undefined && upstream.forms !== undefined && isPlainAnswer(chunk, job)) this.#takePlain(chunk);
    else this.add(chunk);
    this.#count.setWhole(chunk);
  }

  /** Ends a complete answer: writes what was held back, and last the chunk with the finish reason and the usage. */
  end(): { finishReason: FinishReason; usage: Usage; response?: ChatResponse } {
    if (this.#plain === undefined) this.#writeHeld();
    const finishReason = this.#finish();
    const usage = this.usage();
    if (this.#plain === undefined) this.#write((writer) => writer.last(finishReason, usage));
    this.#count.teachEstimator();
    const response = this.#respond(usage);
    return response === undefined ? { finishReason, usage } : { finishReason, usage, response };
  }

  /** What the generation has cost so far: what the engine counted, else an estimate. */
  usage(): Usage {
    return this.#count.usage(this.#parts.job.thinking);
  }

  get lacksReasoning(): boolean {
    return this.#parts.job.thinking && !this.#hasReasoning;
  }

  showReasoning(text: string): void {
    if (!this.#showsReasoning) return;
    this.#hasReasoning = true;
    this.#write((writer, logprobs) => writer.reasoning(text, logprobs));
  }

  showContent(text: string): void {
    this.#hasContent = true;
    this.#write((writer, logprobs) => writer.content(text, logprobs));
  }

  /** Calls that nobody wants are not shown in any case. */
  showCall(call: MarkupCall): void {
    const { tools, tool_choice: choice } = this.#parts.job.request;
    if ((tools?.length ?? 0) > 0 && choice !== 'none') this.#writeCalls(this.#openCalls().addWhole(call));
  }

  /** Reasoning that nobody asked for, or that comes after the answer has begun, has no place in the contract. */
  get #showsReasoning(): boolean {
    return this.#parts.job.thinking && !this.#hasContent && !this.#hasCalls;
  }

  get #hasCalls(): boolean {
    return this.#calls !== undefined && this.#calls.count > 0;
  }

  #openText(): AnswerText {
    const { job, upstream } = this.#parts;
    this.#text ??= new AnswerText(this, { isText: job.text !== undefined, passesPlain: upstream.forms !== undefined });
    return this.#text;
  }

  #openCalls(): ToolCalls {
    this.#calls ??= new ToolCalls();
    return this.#calls;
  }

  #addLogprobs(logprobs: Logprobs | null): void {
    this.#logprobs ??= new PendingLogprobs();
    this.#logprobs.add(logprobs);
  }

  #takePlain(answer: ChunkContent): void {
    this.#plain = answer;
    this.#fingerprint = answer.fingerprint;
    this.#count.tell(answer.usage);
    this.#finishReason = finishOfPlain(answer);
  }

  #writeHeld(): void {
    this.#text?.end();
    if (this.#logprobs?.isPending === true) this.#write((writer, logprobs) => writer.content('', logprobs));
  }

  /** The whole answer; undefined where it was written in chunks. */
  #respond(usage: Usage): ChatResponse | undefined {
    if (this.#plain !== undefined) return writePlainAnswer(this.#parts.job, this.#plain, this.#identify(), usage);
    return this.#writer instanceof ResponseWriter ? this.#writer.response() : undefined;
  }

  #writeCalls(piece: DeltaToolCall | undefined): void {
    if (piece !== undefined) this.#write((writer) => writer.toolCalls([piece]), false);
  }

  #write(
    chunk: (writer: ChunkWriter | ResponseWriter, logprobs: Logprobs | null) => string,
    withLogprobs = true,
  ): void {
    const isFirst = this.#writer === undefined;
    this.#writer ??= this.#createWriter();
    const role = isFirst ? this.#writer.first() : '';
    const events = chunk(this.#writer, (withLogprobs ? this.#logprobs?.take() : null) ?? null);
    this.#parts.output?.write(role + events);
  }

  #createWriter(): ChunkWriter | ResponseWriter {
    const { job, output } = this.#parts;
    const { id, created, model, thinking } = job;
    const identity = { id, created, model, thinking, fingerprint: this.#identify() };
    if (output === undefined) return new ResponseWriter(identity);
    const includeUsage = job.request.stream_options?.include_usage === true;
    return new ChunkWriter({ ...identity, includeUsage });
  }

  /** `system_fingerprint`: that of the engine, or ours where it sends none. */
  #identify(): string {
    const { upstream, model } = this.#parts;
    return this.#fingerprint ?? upstream.endpoint.fingerprint(upstream.kind.name, model);
  }

  /** Calls that stood in the text are calls, whatever the engine took them for. */
  #finish(): FinishReason {
    const said = this.#finishReason ?? 'stop';
    if (said === 'stop' && this.#hasCalls) return 'tool_calls';
    return said === 'tool_calls' && !this.#hasCalls ? 'stop' : said;
  }
}
