/** What is changed about requests so that this endpoint takes them: known beforehand, or learnt from its refusals. */
import { isObject, type JsonObject, type WrittenError } from '../dialects/dialect.js';
import { applyParameterRepairs, findParameterRepair, type ParameterRepair } from './parameters.js';
import type { ReasoningMemory } from './reasoning-memory.js';
import { readWantedSchema, type SchemaDetour, takeDetour } from './response-format.js';

/** Each repair can be switched off; `learn` waits for a refusal that says it is needed. */
export interface RepairOptions {
  /** Put `reasoning_content` back into turns with tool calls. Default: true. */
  readonly reasoning?: boolean;
  /** Send the role `developer` as `system`. Default: `learn`. */
  readonly developerRole?: boolean | 'learn';
  /** Ask for schemas in another way where `json_schema` is not known. Default: `learn`, which takes `json_object`. */
  readonly jsonSchema?: SchemaDetour | 'learn' | false;
  /** Leave out or rename parameters that are refused and dispensable. Default: true. */
  readonly parameters?: boolean;
}

export const REPAIR_DEFAULTS: Required<RepairOptions> = {
  reasoning: true,
  developerRole: 'learn',
  jsonSchema: 'learn',
  parameters: true,
};

/** A request as it is sent. */
export interface Repaired {
  /** The very request that came in when there was nothing to repair. */
  readonly request: JsonObject;
  /** Whether the answer must be turned back (`undoStrictTool`). */
  readonly isStrictTool: boolean;
}

/** What is known about one model of one endpoint. */
export class Repairs {
  readonly #options: Required<RepairOptions>;
  readonly #memory: ReasoningMemory;
  readonly #parameters: ParameterRepair[] = [];
  #sendsSystem: boolean;
  #detour: SchemaDetour | undefined;

  constructor(options: RepairOptions, memory: ReasoningMemory) {
    this.#options = { ...REPAIR_DEFAULTS, ...options };
    this.#memory = memory;
    this.#sendsSystem = this.#options.developerRole === true;
    const { jsonSchema } = this.#options;
    this.#detour = jsonSchema === 'learn' || jsonSchema === false ? undefined : jsonSchema;
  }

  apply(given: JsonObject): Repaired {
    let request = given;
    if (Array.isArray(given.messages)) {
      const messages = this.#repairMessages(given.messages);
      if (messages !== given.messages) request = { ...request, messages };
    }
    if (this.#parameters.some(({ name }) => name in request))
      request = applyParameterRepairs(request, this.#parameters);
    const wanted = this.#detour && readWantedSchema(request);
    if (wanted === undefined || this.#detour === undefined) return { request, isStrictTool: false };
    // A request with tools of its own cannot give its answer through another one.
    const detour = Array.isArray(request.tools) && request.tools.length > 0 ? 'json_object' : this.#detour;
    return { request: takeDetour(request, wanted, detour), isStrictTool: detour === 'strict_tool' };
  }

  /**
   * Reads a refusal (400, 404, 422).
   *
   * @returns What has been learnt, in a few words, when the request would be sent in another way now.
   */
  learn(error: WrittenError, sent: JsonObject): string | undefined {
    const { developerRole, jsonSchema, parameters } = this.#options;
    const { message } = error;
    if (developerRole === 'learn' && !this.#sendsSystem && message.includes('developer') && hasDeveloper(sent)) {
      this.#sendsSystem = true;
      return 'the role developer is sent as system';
    }
    if (jsonSchema === 'learn' && this.#detour === undefined && isFormatUnknown(message) && readWantedSchema(sent)) {
      this.#detour = 'json_object';
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

  #repairMessages(messages: readonly unknown[]): readonly unknown[] {
    const complete = this.#options.reasoning ? this.#memory.putBack(messages) : messages;
    if (!this.#sendsSystem || !hasDeveloper({ messages: complete })) return complete;
    return complete.map((message) => (isDeveloper(message) ? { ...message, role: 'system' } : message));
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

function hasDeveloper({ messages }: JsonObject): boolean {
  return Array.isArray(messages) && messages.some(isDeveloper);
}

function isDeveloper(message: unknown): message is JsonObject {
  return isObject(message) && message.role === 'developer';
}
