/** Which tools of a request the model may call. */
import type { ChatRequest, FunctionDefinition } from '@plumb/wire';
import { PARALLEL_CALLS_MAX } from '../grammar/limits.js';

/** What the model must do with the tools that it is offered. */
export type CallDuty = 'may call' | 'must call';

export interface OfferedTools {
  /** What the model is told of; none with `tool_choice: "none"`. */
  readonly told: readonly FunctionDefinition[];
  /** What it can call: all of them, or the one that was named. */
  readonly callable: readonly FunctionDefinition[];
  readonly duty: CallDuty;
  /** The most calls in one answer. */
  readonly callsMax: number;
}

export function readOfferedTools({ tools, tool_choice: choice }: ChatRequest): OfferedTools {
  const told = choice === 'none' ? [] : (tools ?? []).map((tool) => tool.function);
  if (typeof choice !== 'object' || choice === null) {
    const duty = choice === 'required' ? 'must call' : 'may call';
    return { told, callable: told, duty, callsMax: PARALLEL_CALLS_MAX };
  }
  const callable = told.filter(({ name }) => name === choice.function.name);
  // Who names a function reads one call of it: instructor refuses an answer with more.
  return { told, callable, duty: 'must call', callsMax: 1 };
}

/** A tool as templates see it: without what is null, and without what is none of the model's business. */
export interface TemplateTool {
  readonly type: 'function';
  readonly function: { readonly name: string; readonly description?: string; readonly parameters: object };
}

export function toTemplateTool({ name, description, parameters }: FunctionDefinition): TemplateTool {
  const described = typeof description === 'string' ? { description } : {};
  return { type: 'function', function: { name, ...described, parameters: parameters ?? NO_PARAMETERS } };
}

/** The parameters of a function that takes none. */
export const NO_PARAMETERS = { type: 'object', properties: {} } as const;
