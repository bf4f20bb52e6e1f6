/** From a request to the tokens that the model reads, or to the refusal of one that does not fit. */
import { type ChatRequest, contextLengthExceeded, type Message, type OutputStart, textOf } from '@plumb/wire';
import { isConstrained } from '../answer/answer-plan.js';
import { tellTools, withoutSystem } from '../calls/generic-tools.js';
import { readOfferedTools, type TemplateTool, toTemplateTool } from '../calls/offered-tools.js';
import type { NativeModel } from '../native/native-model.js';
import type { ChatTemplate } from './chat-template.js';
import type { MarkerGuard, PromptPiece } from './marker-guard.js';
import { type TemplateMessage, toTemplateMessages } from './template-messages.js';
import { applyThinking } from './thinking.js';

/** A prompt that fits, ready to be read. */
export interface Prompt {
  readonly tokens: Uint32Array;
  readonly start: OutputStart;
  /** Whether the think block must be closed for the model. */
  readonly mustCloseThinking: boolean;
  /** The most tokens of the answer, reasoning included. */
  readonly maxTokens: number;
}

/** What a prompt is built with. */
export interface PromptBuilderOptions {
  readonly model: NativeModel;
  readonly template: ChatTemplate;
  readonly guard: MarkerGuard;
  /** Tokens of prompt and answer together. */
  readonly contextTokens: number;
  /** Bytes of the longest token of the vocabulary, or more. */
  readonly longestTokenBytes: number;
}

/** `max_tokens` where the request has none (contract section 2.1). */
const DEFAULT_MAX_TOKENS = { answering: 8192, thinking: 65_536 } as const;

export class PromptBuilder {
  readonly #options: PromptBuilderOptions;

  constructor(options: PromptBuilderOptions) {
    this.#options = options;
  }

  /**
   * Builds the prompt of a request.
   *
   * @throws ApiError invalid_request when the template refuses the messages, or prompt and answer together do not fit.
   */
  build(request: ChatRequest, thinking: boolean): Prompt {
    const { contextTokens } = this.#options;
    const { tokens, start, mustCloseThinking } = this.#read(request, thinking);
    const room = contextTokens - tokens.length;
    const asked = request.max_tokens ?? undefined;
    if ((asked ?? 1) > room) throw contextLengthExceeded(contextTokens, tokens.length, asked ?? 1);
    const usual = thinking ? DEFAULT_MAX_TOKENS.thinking : DEFAULT_MAX_TOKENS.answering;
    return { tokens, start, mustCloseThinking, maxTokens: asked ?? Math.min(usual, room) };
  }

  /**
   * Counts the tokens of a prompt; of one that does not fit the context in any case the number is an estimate.
   *
   * @throws ApiError invalid_request when the template refuses the messages.
   */
  count(request: ChatRequest, thinking: boolean): number {
    const estimate = this.#estimateOverlong(request);
    if (estimate !== undefined) return estimate;
    const { rendered, cut } = this.#render(request, thinking);
    return this.#estimateIfOverlong(rendered) ?? this.#tokenize(cut(rendered)).length;
  }

  #read(request: ChatRequest, thinking: boolean) {
    const refuse = (estimate: number) =>
      contextLengthExceeded(this.#options.contextTokens, estimate, request.max_tokens ?? 1);
    const overlong = this.#estimateOverlong(request);
    if (overlong !== undefined) throw refuse(overlong);
    const { rendered, start, mustClose, cut } = this.#render(request, thinking);
    const estimate = this.#estimateIfOverlong(rendered);
    if (estimate !== undefined) throw refuse(estimate);
    return { tokens: this.#tokenize(cut(rendered)), start, mustCloseThinking: mustClose };
  }

  #render(request: ChatRequest, thinking: boolean) {
    const { template, guard } = this.#options;
    const { isNative } = template.callFormat;
    const tools = readOfferedTools(request).told.map(toTemplateTool);
    const hasCalls = request.messages.some(isOfCalls);
    const mustTell = !isNative && (tools.length > 0 || (hasCalls && !template.knowsCalls));
    const form = {
      parsesArguments: hasCalls && !mustTell && template.parsesArguments,
      keepsReasoning: tools.length > 0,
    };
    const guarded = guard.hide(toTemplateMessages(request.messages, form), tools);
    const messages = mustTell ? this.#tell(guarded.messages, guarded.tools) : guarded.messages;
    const rendered = template.render(messages, thinking, isNative ? guarded.tools : []);
    return { ...applyThinking(rendered, template, thinking, isConstrained(request)), cut: guarded.cut };
  }

  #tell(messages: readonly TemplateMessage[], tools: readonly TemplateTool[]): TemplateMessage[] {
    const told = tellTools(messages, tools);
    return this.#options.template.takesSystem ? told : withoutSystem(told);
  }

  #tokenize(pieces: readonly PromptPiece[]): Uint32Array {
    const { model, guard } = this.#options;
    const parts: Uint32Array[] = [];
    for (const { text, trusted } of pieces) {
      if (trusted) parts.push(model.tokenize(text, true));
      else for (const fragment of guard.fragments(text)) parts.push(model.tokenize(fragment, false));
    }
    const begin = model.beginToken;
    if (begin !== undefined && parts[0]?.[0] !== begin) parts.unshift(Uint32Array.of(begin));
    return joinTokens(parts);
  }

  /**
   * An estimate of the tokens of messages that cannot fit, made before anything is done with their texts: rendering and
   * tokenizing tens of megabytes would hold up everybody's answers.
   */
  #estimateOverlong(request: ChatRequest): number | undefined {
    const { messages } = request;
    const { contextTokens, longestTokenBytes } = this.#options;
    const { told } = readOfferedTools(request);
    const toolCharacters = told.length === 0 ? 0 : JSON.stringify(told).length;
    const characters = messages.reduce((sum, message) => sum + charactersOf(message), toolCharacters);
    // Every message costs a token at the least, for its turn.
    const isOverlong = messages.length > contextTokens || characters > contextTokens * longestTokenBytes;
    if (!isOverlong) return undefined;
    const sample = messages.map(({ content }) => textOf(content)).find((text) => text !== '') ?? '';
    const read = sample.slice(0, SAMPLE_CHARACTERS);
    const tokensPerCharacter = this.#options.model.tokenize(read, false).length / Math.max(read.length, 1);
    return Math.max(messages.length + Math.round(characters * tokensPerCharacter), contextTokens);
  }

  /** An estimate for a rendered prompt whose first part alone is too long already. */
  #estimateIfOverlong(rendered: string): number | undefined {
    const { model, contextTokens } = this.#options;
    let tokens = 0;
    for (let start = 0; start + PROBE_CHARACTERS < rendered.length; start += PROBE_CHARACTERS) {
      const end = start + PROBE_CHARACTERS;
      tokens += model.tokenize(rendered.slice(start, end), true).length;
      // A cut can split a token, so each one takes a few off.
      const certain = tokens - PROBE_ERROR_TOKENS * Math.ceil(end / PROBE_CHARACTERS);
      if (certain > contextTokens) return Math.round((tokens * rendered.length) / end);
    }
    return undefined;
  }
}

/** How much of a text stands for all of it in an estimate. */
const SAMPLE_CHARACTERS = 4096;

/** A prompt is tokenized in one go up to this length, which takes some 20 ms; of a longer one the parts come first. */
const PROBE_CHARACTERS = 65_536;

const PROBE_ERROR_TOKENS = 16;

/** Whether a message has calls, or is the result of one. */
function isOfCalls(message: Message): boolean {
  return message.role === 'tool' || (message.role === 'assistant' && message.tool_calls != null);
}

function charactersOf(message: Message): number {
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  return calls.reduce((sum, call) => sum + call.function.arguments.length, textOf(message.content).length);
}

function joinTokens(parts: readonly Uint32Array[]): Uint32Array {
  if (parts.length === 1) return parts[0]!;
  const tokens = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    tokens.set(part, place);
    place += part.length;
  }
  return tokens;
}
