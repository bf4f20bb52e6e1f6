/** The simulated engine as the configuration writes it. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { DEFAULT_PRESET } from './presets.js';

/** The most that time can be compressed. */
export const TIME_SCALE_MAX = 1000;

/** A day in ms: longer than any part of an answer takes. */
const MILLISECONDS_MAX = 86_400_000;

const milliseconds = () => Type.Optional(Type.Number({ minimum: 0, maximum: MILLISECONDS_MAX }));

/** How long things take; what is left out is as the preset has it. */
export const LatencySettings = Type.Object(
  {
    /** Requests that generate at the same time; further ones wait in line. */
    slots: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    /** From the end of reading a prompt to the first token. */
    first_token_ms: milliseconds(),
    /** How fast prompts are read, one after the other; what a cache holds is not read. */
    prefill_tokens_per_s: Type.Optional(Type.Number({ minimum: 0.001, maximum: 1e12 })),
    /** Between two tokens of an answer, apart from its load. */
    token_ms: milliseconds(),
    /** What each running answer adds to that. */
    token_ms_per_sequence: milliseconds(),
    /** By how much times differ, as a share of them: one standard deviation. */
    jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  { default: {} },
);
export type LatencySettings = Static<typeof LatencySettings>;

const path = Type.Optional(Type.String({ minLength: 1, maxLength: 4096 }));

/** An engine without a model, for rehearsal. */
export const SimulateSettings = Type.Object(
  {
    /** Whether it answers for every model, in the place of whatever else the configuration names. */
    enabled: Type.Boolean({ default: false }),
    /** Whose speed it has. */
    preset: Type.String({ default: DEFAULT_PRESET, minLength: 1, maxLength: 128 }),
    /** How many times faster than real all time of the server goes. */
    time_scale: Type.Number({ minimum: 1, maximum: TIME_SCALE_MAX, default: 1 }),
    /** What is answered where nothing else decides: placeholder text, or the last message. */
    text: Type.Enum(['lorem', 'echo'], { default: 'lorem' }),
    /** A file of fixed answers. */
    fixtures: path,
    /** Tokens of a placeholder answer, on average. */
    answer_tokens: Type.Integer({ minimum: 1, maximum: 100_000, default: 120 }),
    /** Tokens of reasoning at the effort `high`. */
    reasoning_tokens: Type.Integer({ minimum: 1, maximum: 100_000, default: 160 }),
    /** Tokens of prompt and answer together. */
    context_tokens: Type.Integer({ minimum: 256, maximum: 16_777_216, default: 131_072 }),
    /** Tokens of prompts that the prefix cache remembers; 0 for none. */
    cache_tokens: Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 4_194_304 }),
    /** Numbers of a vector. */
    embedding_dimensions: Type.Integer({ minimum: 1, maximum: 8192, default: 1024 }),
    /** What answers and delays depend on besides the request. */
    seed: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 }),
    /** Measured requests, to which the times are fitted. */
    trace: path,
    latency: LatencySettings,
  },
  { default: {} },
);
export type SimulateSettings = Static<typeof SimulateSettings>;
