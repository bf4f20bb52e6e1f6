/** The models that clients may ask for: names to entries, and the list that `GET /models` shows. */
import {
  type ApiError,
  invalidRequest,
  type ModelList,
  type ModelObject,
  notFound,
  unsupportedModel,
} from '@plumb/wire';
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

/** What a model is for. */
export type ModelKind = NonNullable<ModelEntry['kind']>;

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

  /**
   * The model that a request asks for, by id or alias. Throws 400 for a name that is not known, with the text of contract
   * section 4.3, and for a model of the other kind.
   */
  resolve(name: string, kind: ModelKind = 'chat'): ModelEntry {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw this.#refuse(name, kind);
    if (kindOf(entry) !== kind) throw invalidRequest(WRONG_KIND[kind](entry.id, this.#idsOf(kind)));
    return entry;
  }

  /** Whether there is a model of a kind. */
  has(kind: ModelKind): boolean {
    return this.#idsOf(kind).length > 0;
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

  #refuse(name: string, kind?: ModelKind): ApiError {
    return unsupportedModel(printable(name), this.#idsOf(kind));
  }

  #idsOf(kind?: ModelKind): string[] {
    return this.entries.filter((entry) => kind === undefined || kindOf(entry) === kind).map(({ id }) => id);
  }
}

function kindOf({ kind = 'chat' }: ModelEntry): ModelKind {
  return kind;
}

/** What is said of a model of the other kind. */
const WRONG_KIND: Readonly<Record<ModelKind, (id: string, others: readonly string[]) => string>> = {
  chat: (id, others) => `${id} makes embeddings and does not answer: use ${others.join(', ')}, or POST /embeddings.`,
  embeddings: (id, others) => `${id} answers and makes no embeddings: use ${others.join(', ')}.`,
};

/** One model as the contract shows it (section 1.4). What is not known is left out; a vector is no modality there. */
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
    ...(kindOf(entry) === 'chat' ? { output_modalities: ['text'] } : {}),
    ...(effort === undefined ? {} : { effort }),
  };
}

/** The text without what a terminal or a log might act on: control, format and unassigned characters, lone surrogates. */
function printable(text: string): string {
  return text.slice(0, REPEATED_CHARACTERS_MAX).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}
