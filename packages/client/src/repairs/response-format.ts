/**
 * `json_schema` for endpoints that do not know it: as `json_object` with the schema told in a system message, or as the
 * one strict tool that must be called, whose arguments become the content of the answer.
 */
import { isObject, type JsonObject } from '../dialects/dialect.js';

/** How a schema is asked for where the endpoint does not take `json_schema`. */
export type SchemaDetour = 'json_object' | 'strict_tool';

interface WantedSchema {
  readonly name: string;
  readonly schema: unknown;
}

/** The schema that a request asks for with `response_format`; undefined when it asks for none. */
export function readWantedSchema({ response_format: format }: JsonObject): WantedSchema | undefined {
  if (!isObject(format) || format.type !== 'json_schema' || !isObject(format.json_schema)) return undefined;
  const { name, schema } = format.json_schema;
  return { name: typeof name === 'string' ? name : 'answer', schema: schema ?? {} };
}

export function asJsonObject(request: JsonObject, { schema }: WantedSchema): JsonObject {
  const told = `Answer with one JSON object that is valid for this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
  return { ...request, messages: tell(request.messages, told), response_format: { type: 'json_object' } };
}

/** A schema stands at the beginning, where it does not come between the turns. */
function tell(messages: unknown, told: string): unknown[] {
  const [first, ...rest] = Array.isArray(messages) ? messages : [];
  if (isObject(first) && first.role === 'system' && typeof first.content === 'string') {
    return [{ ...first, content: `${first.content}\n\n${told}` }, ...rest];
  }
  const others = first === undefined ? [] : [first, ...rest];
  return [{ role: 'system', content: told }, ...others];
}

export function asStrictTool(
  { response_format: _, ...request }: JsonObject,
  { name, schema }: WantedSchema,
): JsonObject {
  const tool = { name, description: 'Gives the answer.', parameters: schema, strict: true };
  return {
    ...request,
    tools: [{ type: 'function', function: tool }],
    tool_choice: { type: 'function', function: { name } },
  };
}

/** The answer to a detour by a strict tool, or one chunk of it, as if the schema had been asked for. */
export function undoStrictTool(body: JsonObject): JsonObject {
  if (!Array.isArray(body.choices)) return body;
  return { ...body, choices: body.choices.map((choice) => (isObject(choice) ? undoChoice(choice) : choice)) };
}

function undoChoice(choice: JsonObject): JsonObject {
  const finish = choice.finish_reason === 'tool_calls' ? { finish_reason: 'stop' } : {};
  const [key, message] = isObject(choice.message) ? ['message', choice.message] : ['delta', choice.delta];
  if (!isObject(message) || !Array.isArray(message.tool_calls)) return { ...choice, ...finish };
  const { tool_calls: calls, ...rest } = message;
  const given = (calls as unknown[]).map((call) => {
    const called = isObject(call) ? call.function : undefined;
    return isObject(called) && typeof called.arguments === 'string' ? called.arguments : '';
  });
  return { ...choice, ...finish, [key as string]: { ...rest, content: given.join('') } };
}
