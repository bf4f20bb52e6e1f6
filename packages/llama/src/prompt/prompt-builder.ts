/** From a request to the tokens that the model reads, or to the refusal of one that does not fit. */
import {
  type ChatRequest,
  contextLengthExceeded,
  invalidRequest,
  MAX_INFILL_TOKENS,
  type Message,
  type OutputStart,
  textOf,
} from '@plumb/wire';
import { isConstrained } from '../answer/answer-plan.js';
import { tellTools, withoutCalls, withoutSystem } from '../calls/generic-tools.js';
import { readOfferedTools, type TemplateTool, toTemplateTool } from '../calls/offered-tools.js';
import type { EffortLevel, TextPrompt } from '../link/index.js';
import type { NativeModel } from '../native/native-model.js';
import { alternateRoles } from './alternate-roles.js';
import { beginAnswer, takePrefix } from './answer-prefix.js';
import type { ChatTemplate } from './chat-template.js';
import type { MarkerGuard } from './marker-guard.js';
import { type MessageForm, type TemplateMessage, toTemplateMessages } from './template-messages.js';
import { type TextPart, textParts } from './text-prompt.js';
import { applyThinking } from './thinking.js';

/** A prompt that fits, ready to be read. */
export interface Prompt {
  readonly tokens: Uint32Array;
  readonly start: OutputStart;
  /** What of the answer's content has been written already, and is part of the prompt. */
  readonly begun: string;
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
const DEFAULT_MAX_TOKENS = { answering: 8192, thinking: 65_536, thinkingMost: 131_072 } as const;

/** What a prompt depends on beside the request. */
export interface PromptOptions {
  /** What is continued instead of the messages. */
  readonly text?: TextPrompt;
  /** `high` when there is none. */
  readonly effort?: EffortLevel;
}

export class PromptBuilder {
  readonly #options: PromptBuilderOptions;

  constructor(options: PromptBuilderOptions) {
    this.#options = options;
  }

  /**
   * Builds the prompt of a request.
   *
   * @throws ApiError invalid_request when the template refuses the messages, a gap cannot be filled, or prompt and answer
   * together do not fit.
   */
  build(request: ChatRequest, thinking: boolean, options: PromptOptions = {}): Prompt {
    const { contextTokens } = this.#options;
    const { tokens, ...answer } = this.#read(request, thinking, options.text);
    const room = contextTokens - tokens.length;
    const asked = request.max_tokens ?? undefined;
    if ((asked ?? 1) > room) throw contextLengthExceeded(contextTokens, tokens.length, asked ?? 1);
    return { tokens, ...answer, maxTokens: asked ?? Math.min(usualMaxTokens(thinking, options), room) };
  }

  /**
   * Counts the tokens of a prompt; of one that does not fit the context in any case the number is an estimate.
   *
   * @throws ApiError invalid_request when the template refuses the messages.
   */
  count(request: ChatRequest, thinking: boolean, { text }: PromptOptions = {}): number {
    const estimate = this.#estimateOverlong(request, text) ?? this.#estimateText(text);
    if (estimate !== undefined) return estimate;
    if (text !== undefined) return this.#tokenizeText(text).length;
    const { rendered, cut } = this.#render(request, thinking);
    return this.#estimateIfOverlong(rendered) ?? this.#tokenize(cut(rendered)).length;
  }

  #read(request: ChatRequest, thinking: boolean, text: TextPrompt | undefined) {
    const refuse = (estimate: number) =>
      contextLengthExceeded(this.#options.contextTokens, estimate, request.max_tokens ?? 1);
    const overlong = this.#estimateOverlong(request, text) ?? this.#estimateText(text);
    if (overlong !== undefined) throw refuse(overlong);
    if (text !== undefined) {
      return { tokens: this.#tokenizeText(text), start: 'content' as const, begun: '', mustCloseThinking: false };
    }
    const { rendered, start, begun, mustClose, cut } = this.#render(request, thinking);
    const estimate = this.#estimateIfOverlong(rendered);
    if (estimate !== undefined) throw refuse(estimate);
    return { tokens: this.#tokenize(cut(rendered)), start, begun, mustCloseThinking: mustClose };
  }

  #render(request: ChatRequest, thinking: boolean) {
    const { template, guard } = this.#options;
    const tools = readOfferedTools(request).told.map(toTemplateTool);
    const { messages: before, prefix } = takePrefix(request.messages);
    const turns = toTemplateMessages(before, this.#formOf(before, tools));
    // What the answer begins with is hidden like any message of the assistant, and is none to the template.
    const begun = prefix === undefined ? [] : [prefix.reasoning, prefix.content];
    const guarded = guard.hide([...turns, ...begun.map((content) => ({ role: 'assistant', content }))], tools);
    const conversation = guarded.messages.slice(0, turns.length);
    const render = (thinks: boolean) => this.#renderTurns(conversation, guarded.tools, thinks);
    const { cut } = guarded;
    const constrained = isConstrained(request);
    if (prefix === undefined) {
      return { ...applyThinking(render(thinking), template, thinking, constrained), cut, begun: '' };
    }
    const [reasoning = '', content = ''] = guarded.messages.slice(turns.length).map((message) => message.content ?? '');
    const answer = beginAnswer({ render, template, thinking, constrained, prefix: { reasoning, content } });
    return { ...answer, cut, begun: prefix.content };
  }

  #formOf(messages: readonly Message[], tools: readonly TemplateTool[]): MessageForm {
    const { template } = this.#options;
    const isTemplates = messages.some(isOfCalls) && !this.#mustRewriteCalls(tools);
    return {
      parsesArguments: isTemplates && template.habits.parsesArguments,
      hasNullContent: isTemplates && template.habits.hasNullContent,
      hasShortIds: template.callForm.hasShortIds,
      keepsReasoning: tools.length > 0,
    };
  }

  /** Whether the template has no place for tools, or one for calls in another form than the model is asked for. */
  #mustTell(tools: readonly TemplateTool[]): boolean {
    const { callForm, habits } = this.#options.template;
    return tools.length > 0 && !(callForm.isNative && habits.tellsTools);
  }

  /** Whether calls of earlier turns are words to the template. */
  #mustRewriteCalls(tools: readonly TemplateTool[]): boolean {
    const { callForm, habits, knowsCalls } = this.#options.template;
    return callForm.isNative ? !habits.writesCalls : tools.length > 0 || !knowsCalls;
  }

  #renderTurns(turns: readonly TemplateMessage[], tools: readonly TemplateTool[], thinking: boolean): string {
    const { template } = this.#options;
    const isRewritten = turns.some(isOfCalls) && this.#mustRewriteCalls(tools);
    const plain = isRewritten ? withoutCalls(turns, template.callForm) : turns;
    const mustTell = this.#mustTell(tools);
    const messages = this.#inTurns(mustTell ? this.#tell(plain, tools) : plain);
    return template.render(messages, thinking, mustTell ? [] : tools);
  }

  #tell(messages: readonly TemplateMessage[], tools: readonly TemplateTool[]): TemplateMessage[] {
    const { callForm, habits } = this.#options.template;
    const told = tellTools(messages, tools, callForm);
    return habits.takesSystem ? told : withoutSystem(told);
  }

  /** Only what a template would refuse is tried out: most conversations alternate as they are. */
  #inTurns(messages: readonly TemplateMessage[]): readonly TemplateMessage[] {
    const joined = alternateRoles(messages);
    return joined.length < messages.length && this.#options.template.habits.mustAlternate ? joined : messages;
  }

  /** @throws ApiError invalid_request when nothing is left to be read. */
  #tokenizeText(text: TextPrompt): Uint32Array {
    const tokens = this.#tokenize(textParts(text, this.#options.model));
    if (tokens.length === 0) throw invalidRequest('The prompt is empty: this model needs a text to continue');
    return tokens;
  }

  #tokenize(pieces: readonly TextPart[]): Uint32Array {
    const { model, guard } = this.#options;
    const parts: Uint32Array[] = [];
    for (const piece of pieces) {
      if (typeof piece === 'number') parts.push(Uint32Array.of(piece));
      else if (piece.trusted) parts.push(model.tokenize(piece.text, true));
      else for (const fragment of guard.fragments(piece.text)) parts.push(model.tokenize(fragment, false));
    }
    const begin = model.beginToken;
    if (begin !== undefined && parts[0]?.[0] !== begin) parts.unshift(Uint32Array.of(begin));
    return joinTokens(parts);
  }

  /**
   * An estimate of the tokens of messages that cannot fit, made before anything is done with their texts: rendering and
   * tokenizing tens of megabytes would hold up everybody's answers.
   */
  #estimateOverlong(request: ChatRequest, text: TextPrompt | undefined): number | undefined {
    const { messages } = request;
    const { contextTokens, longestTokenBytes } = this.#options;
    const { told } = readOfferedTools(request);
    const ofTools = told.length === 0 ? 0 : JSON.stringify(told).length;
    const ofText = (text?.prompt.length ?? 0) + (text?.suffix?.length ?? 0);
    const characters = messages.reduce((sum, message) => sum + charactersOf(message), ofTools + ofText);
    // Every message costs a token at the least, for its turn.
    const isOverlong = messages.length > contextTokens || characters > contextTokens * longestTokenBytes;
    if (!isOverlong) return undefined;
    const samples = [text?.prompt ?? '', ...messages.map(({ content }) => textOf(content))];
    const sample = samples.find((candidate) => candidate !== '') ?? '';
    const read = sample.slice(0, SAMPLE_CHARACTERS);
    const tokensPerCharacter = this.#options.model.tokenize(read, false).length / Math.max(read.length, 1);
    return Math.max(messages.length + Math.round(characters * tokensPerCharacter), contextTokens);
  }

  #estimateText(text: TextPrompt | undefined): number | undefined {
    return text === undefined ? undefined : this.#estimateIfOverlong(text.prompt + (text.suffix ?? ''));
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
function isOfCalls(message: { readonly role: string; readonly tool_calls?: unknown }): boolean {
  return message.role === 'tool' || (message.role === 'assistant' && message.tool_calls != null);
}

function usualMaxTokens(thinking: boolean, { text, effort }: PromptOptions): number {
  if (text !== undefined) return MAX_INFILL_TOKENS;
  if (!thinking) return DEFAULT_MAX_TOKENS.answering;
  return effort === 'max' ? DEFAULT_MAX_TOKENS.thinkingMost : DEFAULT_MAX_TOKENS.thinking;
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
