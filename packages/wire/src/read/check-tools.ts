/** The rules on tools and on the choice among them. */
import type { ChatRequest } from '../chat/request.js';
import type { FunctionDefinition, Tool } from '../chat/tool.js';
import { invalidRequest } from '../errors/named-errors.js';
import { MAX_TOOL_NAME_CHARACTERS, MAX_TOOLS } from '../limits.js';
import { shorten } from '../text.js';
import { checkReserved } from './reserved-text.js';

/**
 * Checks names, uniqueness and schemas of the tools, and that a named choice names one of them.
 *
 * @throws ApiError invalid_request for the first rule that is broken.
 */
export function checkTools({ tools, tool_choice }: ChatRequest): void {
  const names = checkDefinitions(tools ?? []);
  if (typeof tool_choice !== 'object' || tool_choice === null) return;
  const { name } = tool_choice.function;
  if (!names.has(name)) throw invalidRequest(`tool_choice: no tool named '${shorten(name)}' was specified`);
}

function checkDefinitions(tools: readonly Tool[]): Set<string> {
  if (tools.length > MAX_TOOLS) {
    throw invalidRequest(
      `Invalid 'tools': array too long. Expected an array with maximum length ${MAX_TOOLS}, ` +
        `but got an array with length ${tools.length} instead`,
    );
  }
  for (const [index, tool] of tools.entries()) checkName(index, tool.function.name);
  const names = new Set(tools.map((tool) => tool.function.name));
  if (names.size < tools.length) throw invalidRequest('Tool names must be unique');
  for (const [index, tool] of tools.entries()) checkSchema(index, tool.function);
  return names;
}

const TOOL_NAME = new RegExp(`^[a-zA-Z0-9_-]{1,${MAX_TOOL_NAME_CHARACTERS}}$`);

function checkName(index: number, name: string): void {
  if (!TOOL_NAME.test(name)) {
    throw invalidRequest(
      `tools.${index}.function.name: expected 1-${MAX_TOOL_NAME_CHARACTERS} ASCII letters, digits, underscores or hyphens`,
    );
  }
}

/** Looks at the schema itself, not inside it: what an engine makes of the rest is its own affair. */
function checkSchema(index: number, { description, parameters }: FunctionDefinition): void {
  if (typeof description === 'string') checkReserved(description);
  if (parameters === null || parameters === undefined) return;
  if (typeof parameters !== 'object' || Array.isArray(parameters) || !describesObject(parameters)) {
    throw invalidRequest(`tools.${index}.function.parameters must be a JSON Schema of type object`);
  }
}

/** A schema that leaves `type` out does not forbid objects. */
function describesObject({ type }: Record<string, unknown>): boolean {
  return type === undefined || type === 'object' || (Array.isArray(type) && type.includes('object'));
}
