/** The ways to get an object of a schema out of a model, from the one that binds it most to the one that all endpoints have. */
import type { ChatRequest, Message } from '../chat/types.js';
import { KitError } from '../errors/kit-error.js';
import type { Endpoint } from '../kit/endpoint.js';
import type { Form } from './form.js';

/**
 * `json_schema`: the endpoint holds the answer to the schema. `strict_tool`: the answer is the call of a function whose
 * arguments the endpoint holds to a simpler schema, at `/beta`. `json_object`: the endpoint sees to JSON, the prompt to the
 * schema.
 */
export type Strategy = 'json_schema' | 'strict_tool' | 'json_object';

/** A rung of the ladder. `offered_tool` is `strict_tool` where no call can be forced, as in DeepSeek's thinking mode. */
export type Rung = Strategy | 'offered_tool';

export const RUNGS: readonly Rung[] = ['json_schema', 'strict_tool', 'offered_tool', 'json_object'];

/** The best rung that is known to work, by endpoint and model. Keep one for a program. */
export type KnownRungs = Map<string, Rung>;

export function isTool(rung: Rung): boolean {
  return rung.endsWith('tool');
}

/** The request of a rung, and where it has to be sent. */
export function prepare(endpoint: Endpoint, request: ChatRequest, rung: Rung, form: Form): [Endpoint, ChatRequest] {
  const { name, json, strict } = form;
  const type = rung;
  if (rung === 'json_schema') {
    const bound = strict.isExact && strict.problems.length === 0;
    const json_schema = { name, schema: bound ? strict.schema : json, strict: bound };
    return [endpoint, { ...request, response_format: { type, json_schema } }];
  }
  if (rung === 'json_object') {
    const order = `Answer with one JSON object that fits this JSON Schema, and with nothing else:\n${JSON.stringify(json)}`;
    return [endpoint, { ...request, messages: instruct(request.messages, order), response_format: { type } }];
  }
  const offered = { name, description: 'Takes the answer.', strict: true, parameters: strict.schema };
  const isForced = rung === 'strict_tool';
  const { response_format: _, ...rest } = request;
  const asked = {
    ...rest,
    messages: isForced ? request.messages : instruct(request.messages, `Answer with a call of the function ${name}.`),
    tools: [{ type: 'function', function: offered }],
    tool_choice: isForced ? { type: 'function', function: { name } } : 'auto',
  };
  return [{ ...endpoint, baseUrl: toBeta(endpoint.baseUrl) }, asked];
}

/** The rung to try when this one was refused; undefined when the refusal is about something else. */
export function rungBelow(rung: Rung, error: unknown): Rung | undefined {
  if (!KitError.is(error) || error.code !== 'invalid_request') return undefined;
  const { message, status } = error;
  if (rung === 'json_schema')
    return /response_format|schema|grammar|structured/i.test(message) ? 'strict_tool' : undefined;
  if (rung === 'strict_tool' && /tool_choice/i.test(message)) return 'offered_tool';
  const isAboutTools = status === 404 || status === 405 || /tool|function|strict|schema|beta/i.test(message);
  return isTool(rung) && isAboutTools ? 'json_object' : undefined;
}

/** Whether a refusal is about this one schema, and says nothing about others. */
export function isAboutSchema(error: unknown): boolean {
  return KitError.is(error) && /\.schema\b|parameters|invalid schema/i.test(error.message);
}

/** Adds to the system message; some templates allow only one, at the top. */
function instruct(messages: readonly Message[], order: string): Message[] {
  const [first, ...rest] = messages;
  const isSystem = first?.role === 'system' && typeof first.content === 'string';
  if (isSystem) return [{ ...first, content: `${first.content}\n\n${order}` }, ...rest];
  return [{ role: 'system', content: order }, ...messages];
}

function toBeta(baseUrl: string): string {
  return baseUrl.endsWith('/beta') ? baseUrl : `${baseUrl.replace(/\/v1$/, '')}/beta`;
}
