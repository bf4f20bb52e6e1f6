/** What is changed about requests so that one model of one endpoint takes them. */
import type { JsonObject, WrittenError } from '../dialects/dialect.js';
import type { Detours } from './detours.js';
import type { ReasoningMemory } from './reasoning-memory.js';
import type { SchemaDetour } from './response-format.js';

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

const DEFAULTS: Required<RepairOptions> = {
  reasoning: true,
  developerRole: 'learn',
  jsonSchema: 'learn',
  parameters: true,
};

/** A request as it is sent. */
export interface Repaired {
  /** The very request that came in when there was nothing to repair. */
  readonly request: JsonObject;
  /** Makes the answer, or a chunk of it, one to the request that came in; undefined when it is one. */
  readonly turnBack?: (body: JsonObject) => JsonObject;
}

export class Repairs {
  readonly #options: Required<RepairOptions>;
  readonly #memory: ReasoningMemory;
  /** Loaded with the first refusal, or at once when the options want some. */
  #detours: Detours | undefined;

  constructor(options: RepairOptions, memory: ReasoningMemory) {
    this.#options = { ...DEFAULTS, ...options };
    this.#memory = memory;
  }

  /** @param keepsFormat Whether `response_format` stays as it is. */
  async apply(given: JsonObject, keepsFormat = false): Promise<Repaired> {
    const request = this.#options.reasoning ? this.#withReasoning(given) : given;
    const { developerRole, jsonSchema } = this.#options;
    const isWanted = developerRole === true || (jsonSchema !== 'learn' && jsonSchema !== false);
    const detours = isWanted ? await this.#load() : this.#detours;
    return detours?.apply(request, keepsFormat) ?? { request };
  }

  /**
   * Reads a refusal (400, 404, 422).
   *
   * @returns What has been learnt, in a few words, when the request would be sent in another way now.
   */
  async learn(error: WrittenError, sent: JsonObject, keepsFormat = false): Promise<string | undefined> {
    return (await this.#load()).learn(error, sent, keepsFormat);
  }

  async #load(): Promise<Detours> {
    const { Detours } = await import('./detours.js');
    this.#detours ??= new Detours(this.#options);
    return this.#detours;
  }

  #withReasoning(request: JsonObject): JsonObject {
    if (!Array.isArray(request.messages)) return request;
    const messages = this.#memory.putBack(request.messages);
    return messages === request.messages ? request : { ...request, messages };
  }
}
