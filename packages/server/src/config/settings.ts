/** The settings that a server has: the schema of the configuration file, and the type that the program reads. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { DEFAULT_TIER_NAME, TIER_NAME_CHARACTERS_MAX, TIERS_MAX, TierSettings } from '../accounts/tier.js';
import { defaultModels, ModelEntry } from '../catalog/model-entry.js';
import { Pools } from '../engines/pool-settings.js';
import { SimulateSettings } from '../engines/simulated/settings.js';
import { FaultSettings } from '../faults/fault-settings.js';
import { DAY_PATTERN, HOURS_PATTERN, WEEKDAYS } from '../ledger/peak-hours.js';

/** The most worker processes. */
export const WORKERS_MAX = 256;

/** The most models in a catalogue. */
export const MODELS_MAX = 1000;

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
/** One day: longer than any sensible wait, and within what timers can hold. */
const SECONDS_MAX = 86_400;

const seconds = (fallback: number) => Type.Number({ minimum: 0.001, maximum: SECONDS_MAX, default: fallback });

/** How requests are read and answers are sent. */
const HttpSettings = Type.Object(
  {
    /** The longest body that is read; a longer one is 413. */
    body_limit_bytes: Type.Integer({ minimum: KIBIBYTE, maximum: 1024 * MEBIBYTE, default: 48 * MEBIBYTE }),
    /** How long a client may take to send its headers. */
    header_timeout_s: seconds(30),
    /** How long a client may take to send a whole request, body included. */
    body_timeout_s: seconds(300),
    /** How long a connection without a request stays open. Above the idle time of usual client pools. */
    idle_timeout_s: seconds(75),
    /** How long nothing is sent before a keep-alive is. */
    keep_alive_interval_s: seconds(10),
    /** How long a request may wait for its inference to begin. */
    start_timeout_s: seconds(600),
    /** How long requests may finish after the server was told to stop. */
    drain_timeout_s: seconds(30),
    /** `envelope`: every error is JSON. `deepseek`: plain texts and empty bodies where DeepSeek sends these. */
    error_format: Type.Enum(['envelope', 'deepseek'], { default: 'envelope' }),
  },
  { default: {} },
);

/** How the embedded engine loads and runs its model. */
const engineSettings = (cores: number) =>
  Type.Object(
    {
      /** Tokens of context of each sequence, prompt and answer together. */
      context_tokens: Type.Integer({ minimum: 256, maximum: 16_777_216, default: 8192 }),
      /** Requests that generate at the same time. */
      sequences: Type.Integer({ minimum: 1, maximum: 1024, default: 4 }),
      /** Compute threads. One core is left for the server, which otherwise waits for the engine. */
      threads: Type.Integer({ minimum: 1, maximum: 1024, default: Math.max(1, cores - 1) }),
      /** The most prompt tokens read in one step beside running streams. */
      prefill_tokens: Type.Integer({ minimum: 1, maximum: 65_536, default: 128 }),
      /** The most reasoning tokens of a model that was not trained to think. */
      thinking_tokens: Type.Integer({ minimum: 1, maximum: 1_048_576, default: 256 }),
      /** Layers kept on a GPU; 0 is CPU alone. */
      gpu_layers: Type.Integer({ minimum: 0, maximum: 10_000, default: 0 }),
      /** Whether what was read of prompts is kept in the data folder when the server stops, and found again. */
      cache_on_disk: Type.Boolean({ default: false }),
      /** The most that this takes on the disk. */
      cache_disk_bytes: Type.Integer({
        minimum: MEBIBYTE,
        maximum: 1024 * 1024 * 1024 * KIBIBYTE,
        default: 1024 * MEBIBYTE,
      }),
    },
    { default: {} },
  );

/** Embeddings on the embedded engine. */
const EmbeddingSettings = Type.Object(
  {
    /** Where the embedding model comes from, written like `model`; without it there are no embeddings. */
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    /** The most tokens of one input; at most what the model was trained for. */
    context_tokens: Type.Integer({ minimum: 16, maximum: 1_048_576, default: 2048 }),
  },
  { default: {} },
);

/** What requests cost. */
const BillingSettings = Type.Object(
  {
    /** The currency of all prices and balances. */
    currency: Type.String({
      pattern: '^[A-Z]{3}$',
      maxLength: 3,
      default: 'USD',
      description: 'a currency of three capital letters',
    }),
    /** Whether a request must fit into the balance of its account (402). Without, balances may fall below 0. */
    require_balance: Type.Boolean({ default: true }),
    /**
     * Whether an answer ends only when its charge is on the disk. Without, a charge outlives the process at once and the
     * machine a moment later; a PostgreSQL is waited for in any case.
     */
    wait_for_disk: Type.Boolean({ default: false }),
    /** When the peak prices of models hold, in UTC. */
    peak: Type.Object(
      {
        hours: Type.Array(
          Type.String({ pattern: HOURS_PATTERN, maxLength: 11, description: 'a span such as 01:00-04:00' }),
          { default: [], maxItems: 48 },
        ),
        days: Type.Array(Type.Enum([...WEEKDAYS]), { default: ['mon', 'tue', 'wed', 'thu', 'fri'], maxItems: 7 }),
        /** Days without, such as public holidays. */
        except: Type.Array(
          Type.String({ pattern: DAY_PATTERN, maxLength: 10, description: 'a day such as 2026-10-01' }),
          {
            default: [],
            maxItems: 1000,
          },
        ),
      },
      { default: {} },
    ),
  },
  { default: {} },
);

/** An address that may hold a password, so that no message repeats it. */
const secretUrl = (protocols: string, description: string) =>
  Type.String({ pattern: `^(?:${protocols})://`, minLength: 1, maxLength: 4096, description, secret: true });

/** Where accounts, keys and the ledger are kept. */
const DatabaseSettings = Type.Object(
  {
    /** A PostgreSQL database; SQLite in the data folder when there is none. */
    url: Type.Optional(secretUrl('postgres|postgresql', 'an address such as postgres://user@host/database')),
    /** The most connections of this server to it. */
    connections: Type.Integer({ minimum: 2, maximum: 1000, default: 10 }),
  },
  { default: {} },
);

/** Limits that several servers have in common. */
const SharedLimitsSettings = Type.Object(
  {
    /** A Redis or Valkey; without, the limits are those of this server alone. */
    redis_url: Type.Optional(secretUrl('redis|rediss|unix', 'an address such as redis://host:6379')),
    /** While it cannot be asked: `refuse` every request with 503, or admit this server's `share` of every limit. */
    on_lost: Type.Enum(['refuse', 'share'], { default: 'refuse' }),
    /** How many servers share the limits, this one included: what a share is a share of. */
    servers: Type.Integer({ minimum: 1, maximum: 10_000, default: 1 }),
    /** Without an answer for so long it counts as lost. */
    timeout_s: seconds(1),
  },
  { default: {} },
);

/** The longest time that answers can be kept: 30 days. */
const RETENTION_SECONDS_MAX = 30 * 86_400;

/** Requests with an `Idempotency-Key`. */
const IdempotencySettings = Type.Object(
  {
    /** How long an answer is kept for the next request of its key. */
    retention_s: Type.Number({ minimum: 1, maximum: RETENTION_SECONDS_MAX, default: 86_400 }),
    /** The longest answer that is kept, as it is sent; a longer one is delivered once. */
    answer_limit_bytes: Type.Integer({ minimum: KIBIBYTE, maximum: 256 * MEBIBYTE, default: 16 * MEBIBYTE }),
  },
  { default: {} },
);

/** The admin API. */
const AdminSettings = Type.Object(
  {
    /** `loopback`: only when the server listens on a loopback address. */
    enabled: Type.Enum(['loopback', 'always', 'never'], { default: 'loopback' }),
  },
  { default: {} },
);

/** What the server writes about itself. */
const LogSettings = Type.Object(
  { level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], { default: 'info' }) },
  { default: {} },
);

/** The schema of the configuration file on a machine with so many cores, on which one default depends. */
export const settingsSchema = (cores: number) =>
  Type.Object({
    /** The address to listen on. Keys are required whatever it is. */
    host: Type.String({
      pattern: '^[^\\s/]+$',
      maxLength: 253,
      default: '127.0.0.1',
      description: 'a host or address',
    }),
    /** 0 takes any free port. */
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
    /** Processes that serve requests; `auto` is one for each core. */
    workers: Type.Union([Type.Integer({ minimum: 1, maximum: WORKERS_MAX }), Type.Enum(['auto'])], { default: 1 }),
    /** Where the model of the embedded engine comes from; the default model when there is none. */
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    /** The catalogue, in the order that `GET /models` shows. */
    models: Type.Array(ModelEntry, { minItems: 1, maxItems: MODELS_MAX, default: defaultModels() }),
    /** Engines elsewhere, by the names of the pools that models ask for. */
    pools: Pools,
    /**
     * `lenient`: what DeepSeek refuses and can be done is done. `strict`: it is refused in DeepSeek's words, so that a
     * client which works here works there.
     */
    contract: Type.Enum(['lenient', 'strict'], { default: 'lenient' }),
    /** Whether aliases are refused; they also are with `contract: strict`. */
    strict_models: Type.Boolean({ default: false }),
    /** The limits that accounts can have, by name. Those that are shipped stay unless one of the same name is given. */
    tiers: Type.Record(
      Type.String({ pattern: `^[A-Za-z0-9][A-Za-z0-9._-]{0,${TIER_NAME_CHARACTERS_MAX - 1}}$` }),
      TierSettings,
      {
        default: {},
        maxProperties: TIERS_MAX,
        keys: `names of up to ${TIER_NAME_CHARACTERS_MAX} letters, digits and . _ - that start with a letter or a digit`,
      },
    ),
    /** The tier of accounts for which none was chosen. */
    default_tier: Type.String({ default: DEFAULT_TIER_NAME, minLength: 1, maxLength: TIER_NAME_CHARACTERS_MAX }),
    billing: BillingSettings,
    database: DatabaseSettings,
    shared_limits: SharedLimitsSettings,
    idempotency: IdempotencySettings,
    faults: FaultSettings,
    admin: AdminSettings,
    engine: engineSettings(cores),
    embeddings: EmbeddingSettings,
    simulate: SimulateSettings,
    http: HttpSettings,
    log: LogSettings,
  });
/** The settings of the configuration file, with every default filled in. Keys are those of the file. */
export interface Settings extends Omit<Static<ReturnType<typeof settingsSchema>>, 'workers'> {
  /** What `auto` stands for has been put in its place. */
  readonly workers: number;
}

/** Everything that a server is told at its start. */
export interface Config extends Settings {
  /** Absolute path of the folder that holds the database, the secret and the models. */
  readonly data_dir: string;
  /** Absolute path of the configuration file that was read, if one was. */
  readonly config_file?: string;
}
