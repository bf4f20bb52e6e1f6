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
  OutputSplitter,
  ResponseWriter,
  type Usage,
} from '@plumb/wire';
import type { GenerationJob } from '../engine.js';
import { AnswerCount, type Channel } from './answer-count.js';
import type { TokenEstimator } from './estimate-tokens.js';
import type { MarkupCall } from './markup/parse-call.js';
import { ToolMarkup } from './markup/tool-markup.js';
import { PendingLogprobs } from './pending-logprobs.js';
import { type ChunkContent, FINISH_ERROR } from './read-chunk.js';
import { ToolCalls } from './tool-calls.js';

export interface TranslationParts {
  readonly job: GenerationJob;
  /** `system_fingerprint` when the engine sends none. */
  readonly fingerprint: string;
  readonly estimator: TokenEstimator;
  /** Takes whole events as they become ready; undefined where all of the answer is read at its end. */
  readonly write: ((events: string) => void) | undefined;
}

export class AnswerTranslator {
  readonly #parts: TranslationParts;
  readonly #splitter: OutputSplitter;
  readonly #markup: Readonly<Record<Channel, ToolMarkup>>;
  readonly #calls = new ToolCalls();
  readonly #logprobs = new PendingLogprobs();
  readonly #count: AnswerCount;
  /** Whether calls in the text are wanted; they are not shown in any case. */
  readonly #wantsCalls: boolean;
  #writer: ChunkWriter | ResponseWriter | undefined;
  #fingerprint: string | undefined;
  #hasReasoning = false;
  #hasContent = false;
  #isReasoningOver = false;
  #hasFailed = false;
  #finishReason: FinishReason | undefined;

  constructor(parts: TranslationParts) {
    const { tools, tool_choice: choice } = parts.job.request;
    this.#parts = parts;
    this.#count = new AnswerCount(parts.job, parts.estimator);
    this.#wantsCalls = (tools?.length ?? 0) > 0 && choice !== 'none';
    // A text that is continued may have tags of its own; they stand for nothing.
    const isText = parts.job.text !== undefined;
    this.#splitter = new OutputSplitter(isText ? 'content' : 'either', [], {
      reasoning: (text) => this.#markup.reasoning.push(text),
      content: (text) => (isText ? this.#showContent(text) : this.#onContent(text)),
    });
    const call = (found: MarkupCall) => this.#showCall(found);
    this.#markup = {
      reasoning: new ToolMarkup({ text: (text) => this.#showReasoning(text), call }, () => false),
      content: new ToolMarkup({ text: (text) => this.#showContent(text), call }, () => this.#lacksReasoning()),
    };
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

  /** The whole answer, after its end; undefined where it was written in chunks. */
  response(): ChatResponse | undefined {
    return this.#writer instanceof ResponseWriter ? this.#writer.response() : undefined;
  }

  /** Whether the probabilities of tokens are part of the answer. */
  get wantsLogprobs(): boolean {
    return this.#parts.job.request.logprobs === true;
  }

  /** Whether a text without a `<` would be written into a chunk as it is. */
  isPlain(channel: Channel): boolean {
    if (this.writer === undefined || this.#parts.job.request.logprobs === true) return false;
    const { phase } = this.#splitter;
    // Before any content was shown, white space after a think block is not.
    if (channel === 'content') return phase === 'content' && this.#hasContent && this.#markup.content.isPlain;
    const isShown = this.#parts.job.thinking && !this.#isReasoningOver && this.#calls.count === 0;
    return isShown && phase === 'either' && this.#markup.reasoning.isPlain;
  }

  /** A piece of text has been written without coming through here. */
  countPiece(channel: Channel): void {
    this.#count.addPiece(channel);
  }

  /** Takes a chunk. @throws RangeError when a tool call in the text is too large. */
  add(chunk: ChunkContent): void {
    this.#fingerprint ??= chunk.fingerprint;
    this.#count.tell(chunk.usage);
    if (this.#parts.job.request.logprobs === true) this.#logprobs.add(chunk.logprobs);
    if (chunk.reasoning !== '') {
      this.countPiece('reasoning');
      this.#markup.reasoning.push(chunk.reasoning);
    }
    if (chunk.content !== '') {
      this.#splitter.push(chunk.content);
      this.countPiece(this.#splitter.phase === 'reasoning' ? 'reasoning' : 'content');
    }
    for (const piece of chunk.toolCalls) {
      this.countPiece('content');
      this.#writeCalls(this.#calls.add(piece));
    }
    if (chunk.finishReason === FINISH_ERROR) this.#hasFailed = true;
    else this.#finishReason ??= chunk.finishReason;
  }

  /** Takes an answer that came as a whole, which is one piece of many tokens. */
  addWhole(chunk: ChunkContent): void {
    this.add(chunk);
    this.#count.setWhole(chunk);
  }

  /** Ends a complete answer: writes what was held back, and last the chunk with the finish reason and the usage. */
  end(): { finishReason: FinishReason; usage: Usage } {
    this.#splitter.end();
    this.#endReasoning();
    this.#markup.content.end();
    if (this.#logprobs.isPending) this.#write((writer, logprobs) => writer.content('', logprobs));
    const finishReason = this.#finish();
    const usage = this.usage();
    this.#write((writer) => writer.last(finishReason, usage));
    this.#count.teachEstimator();
    return { finishReason, usage };
  }

  /** What the generation has cost so far: what the engine counted, else an estimate. */
  usage(): Usage {
    return this.#count.usage(this.#parts.job.thinking);
  }

  #lacksReasoning(): boolean {
    return this.#parts.job.thinking && !this.#hasReasoning;
  }

  #onContent(text: string): void {
    this.#endReasoning();
    this.#markup.content.push(text);
  }

  #endReasoning(): void {
    if (this.#isReasoningOver) return;
    this.#markup.reasoning.end();
    this.#isReasoningOver = true;
  }

  /** Reasoning that nobody asked for, or that comes after the answer has begun, has no place in the contract. */
  #showReasoning(text: string): void {
    if (!this.#parts.job.thinking || this.#hasContent || this.#calls.count > 0) return;
    this.#hasReasoning = true;
    this.#write((writer, logprobs) => writer.reasoning(text, logprobs));
  }

  #showContent(text: string): void {
    this.#hasContent = true;
    this.#write((writer, logprobs) => writer.content(text, logprobs));
  }

  #showCall(call: MarkupCall): void {
    if (this.#wantsCalls) this.#writeCalls(this.#calls.addWhole(call));
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
    const events = chunk(this.#writer, withLogprobs ? this.#logprobs.take() : null);
    this.#parts.write?.(role + events);
  }

  #createWriter(): ChunkWriter | ResponseWriter {
    const { job, write } = this.#parts;
    const { id, created, model, thinking } = job;
    const identity = { id, created, model, thinking, fingerprint: this.#fingerprint ?? this.#parts.fingerprint };
    if (write === undefined) return new ResponseWriter(identity);
    const includeUsage = job.request.stream_options?.include_usage === true;
    return new ChunkWriter({ ...identity, includeUsage });
  }

  /** Calls that stood in the text are calls, whatever the engine took them for. */
  #finish(): FinishReason {
    const said = this.#finishReason ?? 'stop';
    if (said === 'stop' && this.#calls.count > 0) return 'tool_calls';
    return said === 'tool_calls' && this.#calls.count === 0 ? 'stop' : said;
  }
}
