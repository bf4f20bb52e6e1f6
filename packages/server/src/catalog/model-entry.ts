/** One model of the catalogue, as the configuration writes it and as the rest of the server knows it. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';

/** The longest model id or alias, in characters. */
export const MODEL_NAME_CHARACTERS_MAX = 128;

/** The most aliases of one model. */
export const ALIASES_MAX = 64;

/** What an id or an alias is made of. No comma and no white space, because ids are listed in error messages. */
export const MODEL_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$';

const ModelName = Type.String({
  pattern: MODEL_NAME_PATTERN,
  maxLength: MODEL_NAME_CHARACTERS_MAX,
  description: 'a name of letters, digits and . _ : / @ + - that starts with a letter or a digit',
});

/** The highest rate, in units of the currency. */
const RATE_MAX = 1_000_000;

const rate = Type.Number({ minimum: 0, maximum: RATE_MAX });

/** What a million tokens cost, in units of the currency; nine decimal places count. */
const rates = { input_cache_hit: rate, input_cache_miss: rate, output: rate };

/** What a model costs. */
export const PriceSettings = Type.Object({
  ...rates,
  /** What it costs during `billing.peak`. */
  peak: Type.Optional(Type.Object(rates)),
});
export type PriceSettings = Static<typeof PriceSettings>;

/** The pool that there is without any configuration: the embedded engine. */
export const EMBEDDED_POOL = 'embedded';

/** The pool that is the simulated engine alone. */
export const SIMULATED_POOL = 'simulated';

const PoolName = Type.String({ minLength: 1, maxLength: MODEL_NAME_CHARACTERS_MAX, default: EMBEDDED_POOL });

/** What clients may ask for by one name, and who answers it. */
export const ModelEntry = Type.Object({
  /** The canonical id: listed by `GET /models` and echoed in every answer. */
  id: ModelName,
  /** Other names that mean the same model; never echoed. */
  aliases: Type.Array(ModelName, { default: [], maxItems: ALIASES_MAX }),
  /** The name of the pool whose engines generate; `embedded` and `simulated` are those engines alone. */
  pool: PoolName,
  /** What it is for: `chat` answers and completes, `embeddings` makes vectors. `chat` when it is left out. */
  kind: Type.Optional(Type.Enum(['chat', 'embeddings'])),
  /** Whether the model thinks for requests that say neither `thinking` nor `reasoning_effort`. */
  thinking: Type.Enum(['enabled', 'disabled'], { default: 'disabled' }),
  owned_by: Type.String({ default: 'plumb', minLength: 1, maxLength: MODEL_NAME_CHARACTERS_MAX }),
  /** The name for people; the engine's own name for its model when there is none. */
  name: Type.Optional(Type.String({ minLength: 1, maxLength: MODEL_NAME_CHARACTERS_MAX })),
  /** What it costs; nothing when there is none. */
  price: Type.Optional(PriceSettings),
});
/** What clients may ask for by one name, and who answers it. */
export type ModelEntry = Static<typeof ModelEntry>;

/**
 * The catalogue of a server that was not told otherwise: the two classic DeepSeek ids, and the newer ones as aliases
 * (contract section 1.3), so that unchanged client code finds a model whichever it asks for.
 */
export function defaultModels(): ModelEntry[] {
  return [
    { id: 'deepseek-chat', aliases: [], pool: EMBEDDED_POOL, thinking: 'disabled', owned_by: 'deepseek' },
    {
      id: 'deepseek-reasoner',
      aliases: ['deepseek-flash', 'deepseek-v4-flash', 'deepseek-v4-pro'],
      pool: EMBEDDED_POOL,
      thinking: 'enabled',
      owned_by: 'deepseek',
    },
  ];
}

/** What the embedding model of the embedded engine is asked for by, when no entry says otherwise. */
const EMBEDDING_MODEL: ModelEntry = {
  id: 'text-embedding',
  aliases: ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'],
  pool: EMBEDDED_POOL,
  kind: 'embeddings',
  thinking: 'disabled',
  owned_by: 'plumb',
};

/**
 * A catalogue with an entry for the embedding model of the embedded engine: its own, or one with the names that clients of
 * OpenAI know, as far as they are free.
 */
export function withEmbeddingModel(models: readonly ModelEntry[]): ModelEntry[] {
  if (models.some(({ kind, pool }) => kind === 'embeddings' && pool === EMBEDDED_POOL)) return [...models];
  const taken = new Set(models.flatMap(({ id, aliases }) => [id, ...aliases]));
  const [id, ...aliases] = [EMBEDDING_MODEL.id, ...EMBEDDING_MODEL.aliases].filter((name) => !taken.has(name));
  return id === undefined ? [...models] : [...models, { ...EMBEDDING_MODEL, id, aliases }];
}

/** A name that more than one model claims. */
export interface DuplicateName {
  readonly name: string;
  /** Where the second claim is: the model's place in the list, and the alias's place unless it is the id itself. */
  readonly model: number;
  readonly alias?: number;
  /** The id of the model that has the name already. */
  readonly takenBy: string;
}

/** The ids and aliases that are not unique in a catalogue, in order; empty when each name means one model. */
export function findDuplicateNames(models: readonly Pick<ModelEntry, 'id' | 'aliases'>[]): DuplicateName[] {
  const owners = new Map<string, string>();
  const duplicates: DuplicateName[] = [];
  const claim = (name: string, id: string, place: { model: number; alias?: number }) => {
    const takenBy = owners.get(name);
    if (takenBy === undefined) owners.set(name, id);
    else duplicates.push({ name, takenBy, ...place });
  };
  for (const [model, { id }] of models.entries()) claim(id, id, { model });
  for (const [model, { id, aliases }] of models.entries()) {
    for (const [alias, name] of aliases.entries()) claim(name, id, { model, alias });
  }
  return duplicates;
}
