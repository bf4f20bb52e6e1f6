/** The loop between a model and its tools, with an end to everything. */
import { chat } from '../chat/chat.js';
import { withReadableCalls, withReasoning } from '../chat/message.js';
import type { ChatRequest, ChatResult, Message, Usage } from '../chat/types.js';
import { addUsage } from '../chat/usage.js';
import { KitError } from '../errors/kit-error.js';
import { withPartial } from '../errors/with-partial.js';
import type { Endpoint } from '../kit/endpoint.js';
import { toJsonSchema } from '../schema/json-schema.js';
import { stream } from '../stream/chat-stream.js';
import type { ReadOptions } from '../stream/read-bytes.js';
import { systemClock } from '../time/clock.js';
import { linkAbort } from '../time/link-abort.js';
import type { ToolsEvent } from './events.js';
import { limit, StepCaller } from './step-caller.js';
import type { Tool } from './tool.js';

/** The most times that the model is asked, unless another limit is given. */
export const STEPS_MAX = 20;

/** A chat request, its tools, and how far the loop may go. Any other field is sent in every step. */
export interface RunToolsRequest extends ReadOptions {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  /** How often the model may be asked. Default: STEPS_MAX. */
  readonly maxSteps?: number;
  /** For the whole loop, in ms. Default: none. */
  readonly timeLimitMs?: number;
  /** Default: PARALLEL_MAX. */
  readonly maxParallel?: number;
  /** How often in a row a tool may be called with arguments that do not fit, and the model is told why. Default: 1. */
  readonly repairRounds?: number;
  /** Whether answers are streamed, so that their pieces come as events. Default: false. */
  readonly stream?: boolean;
  readonly onEvent?: (event: ToolsEvent) => void;
  readonly [field: string]: unknown;
}

export interface RunToolsResult {
  /** The conversation: what was given, all calls and results, and the answer. */
  readonly messages: readonly Message[];
  /** The answer without calls. */
  readonly answer: ChatResult;
  /** How often the model was asked. */
  readonly steps: number;
  /** Of all steps. */
  readonly usage: Usage;
}

/** What an error of the loop has in `partial`: with these messages, another loop goes on from there. */
export interface RunToolsPartial {
  readonly messages: readonly Message[];
  readonly steps: number;
  readonly usage: Usage;
  /** What had come of the answer that was cut. */
  readonly answer?: unknown;
}

/**
 * Asks, runs the calls of the answer, and asks again with their results until an answer has no calls. A `tool_choice` that
 * forces a call holds for the first step alone.
 *
 * @throws KitError `loop_limit` past one of the limits and at a call that is made for the REPETITIONS_MAX-th time;
 * `invalid_output` when the arguments of a tool do not fit in spite of the repair rounds; `tool_failed` when a tool fails
 * fatally; `invalid_input` when a tool cannot be offered; and what `chat` throws. All have a RunToolsPartial in `partial`.
 * @throws the reason of the signal, once it is aborted.
 */
export async function runTools(endpoint: Endpoint, request: RunToolsRequest): Promise<RunToolsResult> {
  return new ToolsLoop(endpoint, request).run();
}

class ToolsLoop {
  readonly #endpoint: Endpoint;
  readonly #request: RunToolsRequest;
  readonly #reading: ReadOptions;
  /** What every step sends besides the messages. */
  readonly #fields: Record<string, unknown>;
  readonly #controller = new AbortController();
  readonly #caller: StepCaller;
  readonly #messages: Message[];
  #steps = 0;
  #usage: Usage = {};

  constructor(endpoint: Endpoint, request: RunToolsRequest) {
    const { messages, tools, maxSteps, timeLimitMs, maxParallel, repairRounds, stream, onEvent, ...rest } = request;
    const { signal, clock = systemClock, stallTimeoutMs, firstTokenTimeoutMs, ...fields } = rest;
    this.#endpoint = endpoint;
    this.#request = request;
    this.#reading = { clock, stallTimeoutMs, firstTokenTimeoutMs, signal: this.#controller.signal };
    this.#fields = { ...fields, ...(tools.length > 0 && { tools: tools.map(toDefinition) }) };
    this.#caller = new StepCaller(request, clock, this.#controller.signal);
    this.#messages = [...messages];
  }

  async run(): Promise<RunToolsResult> {
    const { signal, timeLimitMs, clock = systemClock } = this.#request;
    const unlink = linkAbort(this.#controller, signal);
    const late = () => this.#controller.abort(limit(`has taken more than ${timeLimitMs} ms`));
    const cancel = timeLimitMs === undefined ? undefined : clock.after(timeLimitMs, late);
    try {
      return await this.#loop();
    } catch (error) {
      if (!KitError.is(error)) throw error;
      const partial: RunToolsPartial = {
        messages: this.#messages,
        steps: this.#steps,
        usage: this.#usage,
        answer: error.partial,
      };
      throw withPartial(error, partial);
    } finally {
      cancel?.();
      unlink();
      // Tools that still run beside one that has failed are told to stop.
      this.#controller.abort();
    }
  }

  async #loop(): Promise<RunToolsResult> {
    const { maxSteps = STEPS_MAX, onEvent } = this.#request;
    while (this.#steps < maxSteps) {
      const step = ++this.#steps;
      onEvent?.({ type: 'step', step });
      const answer = await this.#ask(step);
      this.#usage = addUsage(this.#usage, answer.usage);
      const turn = withReadableCalls(answer.message);
      if (answer.toolCalls.length === 0) {
        this.#messages.push(turn);
        onEvent?.({ type: 'end', step });
        return { messages: this.#messages, answer, steps: step, usage: this.#usage };
      }
      const results = await this.#caller.answer(answer, step);
      this.#messages.push(turn, ...results);
      if (this.#fields.tool_choice && this.#fields.tool_choice !== 'none') this.#fields.tool_choice = 'auto';
    }
    throw limit(`has asked ${maxSteps} times`);
  }

  async #ask(step: number): Promise<ChatResult> {
    const request = { ...this.#fields, messages: withReasoning(this.#messages) } as ChatRequest;
    const { stream: isStreamed, onEvent } = this.#request;
    if (!isStreamed) return chat(this.#endpoint, request, this.#reading);
    const streamed = stream(this.#endpoint, request, this.#reading);
    for await (const event of streamed) {
      if (event.type === 'content' || event.type === 'reasoning') onEvent?.({ ...event, step });
    }
    return streamed.final();
  }
}

function toDefinition({ name, description, input }: Tool): object {
  const parameters = input ? toJsonSchema(input) : { type: 'object', properties: {} };
  if (parameters.type !== 'object') throw new KitError('invalid_input', `The input of ${name} has to be an object.`);
  return { type: 'function', function: { name, description, parameters } };
}
