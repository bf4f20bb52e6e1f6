/** The models that clients may ask for: names to entries, and the list that `GET /models` shows. */
import { type ApiError, type ModelList, type ModelObject, notFound, unsupportedModel } from '@plumb/wire';
import type { ModelEntry } from './model-entry.js';

export type { ModelEntry } from './model-entry.js';

/** What is known of a model only while its engine runs. */
export interface ModelFacts {
  /** Tokens of prompt and answer together. */
  readonly contextTokens?: number;
  /** The most tokens of one answer. */
  readonly maxOutputTokens?: number;
  /** The engine's own name for its model. */
  readonly modelName?: string;
  readonly effort?: ModelObject['effort'];
}

/** Tells what the engine of a model says of it; an empty object while it says nothing. */
export type DescribeModel = (entry: ModelEntry) => ModelFacts;

/** How a catalogue treats names. */
export interface CatalogOptions {
  /** Whether aliases are refused like unknown names. Default false. */
  readonly strict?: boolean;
}

/** The longest piece of an unknown name that is looked at for an error, in characters; less of it is repeated. */
const REPEATED_CHARACTERS_MAX = 1024;

/** The models of a server. It does not change while the server runs. */
export class Catalog {
  /** In the order of the configuration. */
  readonly entries: readonly ModelEntry[];
  readonly #byName = new Map<string, ModelEntry>();

  /** Takes entries whose names are unique, as the configuration has checked (`findDuplicateNames`). */
  constructor(entries: readonly ModelEntry[], { strict = false }: CatalogOptions = {}) {
    this.entries = entries;
    for (const entry of entries) {
      this.#byName.set(entry.id, entry);
      if (!strict) for (const alias of entry.aliases) this.#byName.set(alias, entry);
    }
  }

  /** The model that a request asks for, by id or alias. Throws 400 with the text of contract section 4.3. */
  resolve(name: string): ModelEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw this.#refuse(name);
    return entry;
  }

  /** The model of a path such as `/models/{id}`, by id or alias. Throws 404 where there is none. */
  find(name: string): ModelEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw notFound(this.#refuse(name).message);
    return entry;
  }

  /** The answer to `GET /models`: ids in the order of the configuration, aliases left out. */
  list(describe: DescribeModel): ModelList {
    return { object: 'list', data: this.entries.map((entry) => describeModel(entry, describe(entry))) };
  }

  #refuse(name: string): ApiError {
    const ids = this.entries.map(({ id }) => id);
    return unsupportedModel(printable(name), ids);
  }
}

/** One model as the contract shows it (section 1.4). What is not known is left out. */
export function describeModel(entry: ModelEntry, facts: ModelFacts): ModelObject {
  const name = entry.name ?? facts.modelName;
  const { contextTokens, maxOutputTokens, effort } = facts;
  return {
    id: entry.id,
    object: 'model',
    owned_by: entry.owned_by,
    ...(name === undefined ? {} : { name }),
    ...(contextTokens === undefined ? {} : { context_window: contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
    input_modalities: ['text'],
    output_modalities: ['text'],
    ...(effort === undefined ? {} : { effort }),
  };
}

/** The text without what a terminal or a log might act on: control, format and unassigned characters, lone surrogates. */
function printable(text: string): string {
  return text.slice(0, REPEATED_CHARACTERS_MAX).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}
