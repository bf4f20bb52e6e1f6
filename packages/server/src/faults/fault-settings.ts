/** Rules for faults as configuration, admin API and request header write them: flat, so that all three read alike. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { MODEL_NAME_CHARACTERS_MAX } from '../catalog/model-entry.js';
import { FAULT_NAMES } from './fault-table.js';

/** The most rules at a time. */
export const FAULT_RULES_MAX = 100;
export const FAULT_NAME_CHARACTERS_MAX = 64;
/** What a rule is called; it is sent in a header. */
export const FAULT_NAME_PATTERN = `^[A-Za-z][A-Za-z0-9._-]{0,${FAULT_NAME_CHARACTERS_MAX - 1}}$`;

/** The statuses that a request can be refused with. */
export const FAULT_STATUSES = [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504] as const;

/** The endpoints that have faults. */
export const FAULT_PATHS = ['/chat/completions', '/completions', '/embeddings'] as const;
export type FaultPath = (typeof FAULT_PATHS)[number];

/** One day. */
const SECONDS_MAX = 86_400;
const COUNT_MAX = 1_000_000_000;

const seconds = () => Type.Optional(Type.Number({ minimum: 0, maximum: SECONDS_MAX }));
const count = (minimum: number) => Type.Optional(Type.Integer({ minimum, maximum: COUNT_MAX }));
const text = (description: string, maxLength = 512) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }));

/** What goes wrong. */
export const faultFields = {
  fault: Type.Enum([...FAULT_NAMES]),
  /** Before anything else, with nothing sent meanwhile; goes with every fault. */
  delay_s: seconds(),
  /** Of the refusal, or of the error inside of an answer, where 503 is the usual one. */
  status: Type.Optional(Type.Enum([...FAULT_STATUSES])),
  /** `Retry-After`; none when it is left out. */
  retry_after_s: seconds(),
  duration_s: seconds(),
  /** Between keep-alives; 1 when it is left out. */
  interval_s: Type.Optional(Type.Number({ minimum: 0.001, maximum: SECONDS_MAX })),
  /** Whether keep-alives are sent in a stall. Without, nothing is. */
  keep_alives: Type.Optional(Type.Boolean()),
  /** Chunks that are as they should be; 1 when it is left out. A shorter answer has the fault at its last chunk. */
  after: count(0),
  /** `reset` (the usual one) and `close` drop the connection, `end` ends a stream as if it were whole. */
  how: Type.Optional(Type.Enum(['reset', 'close', 'end'])),
  bytes_per_s: count(1),
};

/** Which requests it happens to: all of them, but for what is said here. */
export const selectionFields = {
  /** Of the requests that the rest of the rule is about, by chance. */
  probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  /** Another seed makes other chances; the same one always the same. */
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })),
  /** Only the first so many. */
  first: count(1),
  /** Only every so-manieth. */
  every: count(1),
  /** Only from then on, and only until then: counted from when the rule began. */
  from_s: seconds(),
  to_s: seconds(),
  /** Begins counting anew after so long. */
  repeat_s: Type.Optional(Type.Number({ minimum: 0.001, maximum: SECONDS_MAX })),
  account: text('the id or the name of an account'),
  key: text('the id or the name of a key'),
  model: text('the id of a model', MODEL_NAME_CHARACTERS_MAX),
  user_id: text('a user_id'),
  stream: Type.Optional(Type.Boolean()),
  path: Type.Optional(Type.Enum([...FAULT_PATHS])),
};

/** What goes wrong, without for whom. */
export const FaultForm = Type.Object(faultFields);
export type FaultForm = Static<typeof FaultForm>;

/** One rule. */
export const FaultRuleSettings = Type.Object({ ...faultFields, ...selectionFields });
export type FaultRuleSettings = Static<typeof FaultRuleSettings>;

/** Faults on purpose; none unless they are written down. */
export const FaultSettings = Type.Object(
  {
    /** Whether a request may ask for a fault of its own with `x-plumb-fault`. */
    allow_header: Type.Boolean({ default: false }),
    rules: Type.Record(Type.String({ pattern: FAULT_NAME_PATTERN }), FaultRuleSettings, {
      default: {},
      maxProperties: FAULT_RULES_MAX,
      keys: `names of up to ${FAULT_NAME_CHARACTERS_MAX} letters, digits and . _ - that start with a letter`,
    }),
  },
  { default: {} },
);
export type FaultSettings = Static<typeof FaultSettings>;
