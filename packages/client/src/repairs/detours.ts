/** Other ways to ask where an endpoint does not take the usual one: known beforehand, or learnt from its refusals. */
import { isObject, type JsonObject, type WrittenError } from '../dialects/dialect.js';
import { applyParameterRepairs, findParameterRepair, type ParameterRepair } from './parameters.js';
import type { Repaired, RepairOptions } from './repairs.js';
import { asJsonObject, asStrictTool, readWantedSchema, type SchemaDetour, undoStrictTool } from './response-format.js';

export class Detours {
  readonly #options: Required<RepairOptions>;
  readonly #parameters: ParameterRepair[] = [];
  #sendsSystem: boolean;
  #schemaDetour: SchemaDetour | undefined;

  constructor(options: Required<RepairOptions>) {
    const { developerRole, jsonSchema } = options;
    this.#options = options;
    this.#sendsSystem = developerRole === true;
    this.#schemaDetour = jsonSchema === 'learn' || jsonSchema === false ? undefined : jsonSchema;
  }

  apply(given: JsonObject, keepsFormat: boolean): Repaired {
    const renamed = this.#sendsSystem ? withoutDeveloper(given) : given;
    const isSmaller = this.#parameters.some(({ name }) => name in renamed);
    const request = isSmaller ? applyParameterRepairs(renamed, this.#parameters) : renamed;
    const wanted = keepsFormat || this.#schemaDetour === undefined ? undefined : readWantedSchema(request);
    if (wanted === undefined) return { request };
    // A request with tools of its own cannot give its answer through another one.
    const hasTools = Array.isArray(request.tools) && request.tools.length > 0;
    if (hasTools || this.#schemaDetour === 'json_object') return { request: asJsonObject(request, wanted) };
    return { request: asStrictTool(request, wanted), turnBack: undoStrictTool };
  }

  /** What a refusal has taught, in a few words; undefined when it has taught nothing. */
  learn(error: WrittenError, sent: JsonObject, keepsFormat: boolean): string | undefined {
    const { developerRole, jsonSchema, parameters } = this.#options;
    const { message } = error;
    if (developerRole === 'learn' && !this.#sendsSystem && message.includes('developer') && hasDeveloper(sent)) {
      this.#sendsSystem = true;
      return 'the role developer is sent as system';
    }
    const isLearning = !keepsFormat && jsonSchema === 'learn' && this.#schemaDetour === undefined;
    if (isLearning && isFormatUnknown(message) && readWantedSchema(sent)) {
      this.#schemaDetour = 'json_object';
      return 'json_schema is asked for as json_object';
    }
    const repair = parameters ? findParameterRepair(error, sent) : undefined;
    if (repair === undefined || this.#hasTried(repair)) return undefined;
    this.#parameters.push(repair);
    return `${repair.name} is ${repair.sendAs === null ? 'left out' : `sent as ${repair.sendAs}`}`;
  }

  /** A parameter that is refused under both of its names is not sent to and fro. */
  #hasTried({ name, sendAs }: ParameterRepair): boolean {
    return this.#parameters.some((tried) => tried.name === name || tried.name === sendAs);
  }
}

/** A schema that is wrong would be just as wrong in another place. */
function isFormatUnknown(message: string): boolean {
  return (
    /response_format|json_schema/i.test(message) && FORMAT_UNKNOWN.test(message) && !/invalid schema/i.test(message)
  );
}

const FORMAT_UNKNOWN =
  /unavailable|unsupported|not (?:yet )?(?:support|available|allowed|permitted|implemented)|unknown|does not|must be|should be|expected/i;

function withoutDeveloper(request: JsonObject): JsonObject {
  if (!hasDeveloper(request)) return request;
  const messages = request.messages as unknown[];
  return { ...request, messages: messages.map((one) => (isDeveloper(one) ? { ...one, role: 'system' } : one)) };
}

function hasDeveloper({ messages }: JsonObject): boolean {
  return Array.isArray(messages) && messages.some(isDeveloper);
}

function isDeveloper(message: unknown): message is JsonObject {
  return isObject(message) && message.role === 'developer';
}
