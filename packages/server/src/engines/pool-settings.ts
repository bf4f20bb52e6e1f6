/** Pools as the configuration writes them: engines behind one name, and how requests are spread over them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';

/** The most pools of a configuration, and the most engines of one. */
export const POOLS_MAX = 100;
export const ENGINES_MAX = 1000;

const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
/** The name of a pool or of an engine in it. */
const Name = Type.String({
  pattern: NAME_PATTERN,
  maxLength: 64,
  description: 'a name of letters, digits and . _ - that starts with a letter or a digit',
});

const seconds = () => Type.Optional(Type.Number({ minimum: 0.001, maximum: 86_400 }));

/** What an engine speaks beside the common contract. */
export const ENGINE_KINDS = [
  'openai',
  'vllm',
  'sglang',
  'llama-server',
  'deepseek',
  'plumb',
  'embedded',
  'simulated',
] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** Relative ones begin in the folder that the server is started in. */
const CassettePath = Type.String({ minLength: 1, maxLength: 4096, description: 'the path of a cassette' });

/** One engine of a pool. */
export const EngineSettings = Type.Object({
  /**
   * `embedded` is the engine of this server itself and takes nothing else but weight, priority and concurrency; so does
   * `simulated`, and a preset.
   */
  kind: Type.Enum([...ENGINE_KINDS]),
  /** Where its API is served, without `/chat/completions`: `http://10.0.0.1:8000/v1`. */
  url: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      maxLength: 4096,
      description: 'an address such as http://10.0.0.1:8000/v1',
      secret: true,
    }),
  ),
  /** The key that it asks for. */
  api_key: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: 'a key', secret: true })),
  /** The environment variable that holds that key. */
  api_key_env: Type.Optional(
    Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 256, description: 'a name' }),
  ),
  /** What the engine calls the model; the id of the catalogue when it is left out. */
  model: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** Whose speed a simulated engine has; that of `simulate.preset` when it is left out. */
  preset: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  /** Requests that it works on at the same time; further ones go to another engine, or wait. 256 when it is left out. */
  concurrent_requests: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  /** Its share of the work beside the others of its priority. 1 when it is left out. */
  weight: Type.Optional(Type.Number({ minimum: 0.001, maximum: 1000 })),
  /** Engines of a higher number are used only while all of the lower ones are out. 1 when it is left out. */
  priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  /** Tokens of prompt and answer together; asked of the engine when it is left out. */
  context_tokens: Type.Optional(Type.Integer({ minimum: 256, maximum: 16_777_216 })),
  /** The cassette that its traffic is recorded into. */
  record: Type.Optional(CassettePath),
  /** Whether prompts and answers are left out of that. */
  scrub_prompts: Type.Optional(Type.Boolean()),
  /** The cassette that it is replayed from, in place of the engine itself; `url` may be left out then. */
  replay: Type.Optional(CassettePath),
  /** How many times as fast as it was recorded. 1 when it is left out. */
  replay_speed: Type.Optional(Type.Number({ minimum: 0.001, maximum: 1_000_000 })),
  /** What a request gets that was not recorded: an error, or the answer to the nearest one. `error` when it is left out. */
  replay_on_miss: Type.Optional(Type.Enum(['error', 'nearest'])),
  /** What comes after the last answer to a request: the first again, or an error. `repeat` when it is left out. */
  replay_when_exhausted: Type.Optional(Type.Enum(['repeat', 'error'])),
});
export type EngineSettings = Static<typeof EngineSettings>;

/** One pool. Whatever is left out is as `POOL_DEFAULTS` has it. */
export const PoolSettings = Type.Object({
  engines: Type.Record(Name, EngineSettings, { maxProperties: ENGINES_MAX }),
  /** `least-outstanding`: where least is to do. `prefix-affinity`: where the beginning of the prompt has been read before. */
  choose: Type.Optional(Type.Enum(['least-outstanding', 'prefix-affinity'])),
  /** For a connection to be made. */
  connect_timeout_s: seconds(),
  /** From sending the request to the first event of its answer. */
  first_event_timeout_s: seconds(),
  /** Between two pieces of an answer. */
  idle_timeout_s: seconds(),
  /** How often a request is tried on another engine while nothing has reached its client. */
  retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
  /** Retries in a minute, in per cent of all requests, so that an outage is not multiplied. */
  retry_budget_percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  /** Where requests wait while every engine has as many as it works on. */
  queue: Type.Optional(
    Type.Object({
      max_length: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
      max_wait_s: seconds(),
    }),
  ),
  /** How often every engine is asked whether it is well. */
  health_interval_s: seconds(),
});
export type PoolSettings = Static<typeof PoolSettings>;

/** Pools by their names. */
export const Pools = Type.Record(Name, PoolSettings, { default: {}, maxProperties: POOLS_MAX });

/** What is not said of a pool and its engines. */
export const POOL_DEFAULTS = {
  choose: 'least-outstanding',
  connect_timeout_s: 5,
  first_event_timeout_s: 600,
  idle_timeout_s: 120,
  retries: 2,
  retry_budget_percent: 20,
  queue_length: 1000,
  queue_wait_s: 60,
  health_interval_s: 10,
  concurrent_requests: 256,
  weight: 1,
  priority: 1,
} as const;
