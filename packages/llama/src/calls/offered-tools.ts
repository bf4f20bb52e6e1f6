/** Which tools of a request the model may call. */
import type { ChatRequest, FunctionDefinition } from '@plumb/wire';

/** What the model must do with the tools that it is offered. Clients that name a function expect one call of it. */
export type CallDuty = 'may call' | 'must call' | 'must call once';

export interface OfferedTools {
  /** What the model is told of; none with `tool_choice: "none"`. */
  readonly told: readonly FunctionDefinition[];
  /** What it can call: all of them, or the one that was named. */
  readonly callable: readonly FunctionDefinition[];
  readonly duty: CallDuty;
}

export function readOfferedTools({ tools, tool_choice: choice }: ChatRequest): OfferedTools {
  const told = choice === 'none' ? [] : (tools ?? []).map((tool) => tool.function);
  if (typeof choice !== 'object' || choice === null) {
    return { told, callable: told, duty: choice === 'required' ? 'must call' : 'may call' };
  }
  const callable = told.filter(({ name }) => name === choice.function.name);
  return { told, callable, duty: 'must call once' };
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
