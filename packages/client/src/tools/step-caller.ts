/** Makes the calls of an answer: checks them all, runs them side by side, and gives the results in their order. */
import type { ChatResult, Message, ToolCall } from '../chat/types.js';
import { KitError } from '../errors/kit-error.js';
import { parseLoosely } from '../schema/parse-json.js';
import type { Clock } from '../time/clock.js';
import { failed, type Outcome, readInput, runTool } from './run-call.js';
import type { RunToolsRequest } from './run-tools.js';
import type { Tool } from './tool.js';

/** How many calls of one answer run at once, unless another limit is given. */
export const PARALLEL_MAX = 8;

/** From this time on, the same call is answered with a note instead of being run: small models repeat one for ever. */
export const REPETITIONS_NOTED = 3;

/** At this time, the same call ends the loop. */
export const REPETITIONS_MAX = 5;

/** A call that is ready: to be run, or with a result already. */
interface Prepared {
  readonly call: ToolCall;
  readonly tool?: Tool;
  readonly input?: unknown;
  readonly outcome?: Outcome;
}

export class StepCaller {
  readonly #request: RunToolsRequest;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** How often each call was made. */
  readonly #counts = new Map<string, number>();
  /** In how many steps in a row each tool was called with arguments that do not fit. */
  readonly #misfits = new Map<string, number>();

  constructor(request: RunToolsRequest, clock: Clock, signal: AbortSignal) {
    this.#request = request;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * The results of an answer's calls, as turns. Nothing is run when one of them ends the loop.
   *
   * @throws KitError loop_limit, invalid_output or tool_failed.
   */
  async answer({ toolCalls, finishReason }: ChatResult, step: number): Promise<Message[]> {
    const problems = new Map<string, string>();
    const prepared: Prepared[] = [];
    for (const call of toolCalls) prepared.push(await this.#prepare(call, finishReason === 'length', step, problems));
    for (const { tool } of prepared) if (tool && !problems.has(tool.name)) this.#misfits.delete(tool.name);
    for (const [name, problem] of problems) this.#countMisfit(name, problem);
    const { maxParallel = PARALLEL_MAX } = this.#request;
    return mapSideBySide(prepared, maxParallel, (ready) => this.#result(ready, step));
  }

  async #prepare(call: ToolCall, isCut: boolean, step: number, problems: Map<string, string>): Promise<Prepared> {
    const { tools, onEvent } = this.#request;
    const { name } = call.function;
    const tool = tools.find((one) => one.name === name);
    if (!tool) {
      const names = tools.map((one) => one.name).join(', ');
      return { call, outcome: failed(`There is no tool ${name}. The tools are: ${names}.`) };
    }
    const read = await readInput(tool, call, isCut);
    if ('problem' in read) {
      problems.set(name, read.problem);
      onEvent?.({ type: 'retry', step, call, problem: read.problem });
      return { call, outcome: failed(`The arguments do not fit. ${read.problem}`) };
    }
    const count = this.#count(tool, call.function.arguments);
    if (count < REPETITIONS_NOTED) return { call, tool, input: read.value };
    if (count >= REPETITIONS_MAX) throw limit(`was asked for the same call of ${name} ${count} times`);
    const note = `This call was made ${count - 1} times before and is not made again. Use its result, or do something else.`;
    return { call, outcome: { content: JSON.stringify({ note }), isError: false } };
  }

  #count({ name, repeatable }: Tool, input: string): number {
    if (repeatable) return 0;
    const key = `${name} ${JSON.stringify(parseLoosely(input)?.value)}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }

  #countMisfit(name: string, problem: string): void {
    const { repairRounds = 1 } = this.#request;
    const count = (this.#misfits.get(name) ?? 0) + 1;
    this.#misfits.set(name, count);
    if (count <= repairRounds) return;
    throw new KitError('invalid_output', `The arguments of ${name} do not fit, ${count} times in a row. ${problem}`);
  }

  async #result({ call, tool, input, outcome }: Prepared, step: number): Promise<Message> {
    const { onEvent } = this.#request;
    const startedAt = this.#clock.now();
    if (tool) onEvent?.({ type: 'call', step, call, input });
    const { content, isError } = outcome ?? (await runTool(tool as Tool, input, call, this.#clock, this.#signal));
    onEvent?.({ type: 'result', step, call, content, isError, durationMs: this.#clock.now() - startedAt });
    return { role: 'tool', tool_call_id: call.id, content };
  }
}

/** @param what What the loop did that it may not. */
export function limit(what: string): KitError {
  return new KitError('loop_limit', `The tools loop ${what}. Raise its limit, or go on from the messages in partial.`);
}

/** Calls for each, some at once; the results are in the order of the items. */
async function mapSideBySide<Item, Result>(
  items: readonly Item[],
  maxParallel: number,
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) results[index] = await call(item);
  };
  await Promise.all(Array.from({ length: Math.min(maxParallel, items.length) }, work));
  return results;
}
