/** The lines of a cassette: what docs/guide/cassettes.md describes, as schema and as types. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { DURATION_MAX_MS } from './limits.js';

/** The version of the format that is written and read. */
export const CASSETTE_VERSION = 1;

/** Ms since the request was sent. */
const At = Type.Number({ minimum: 0, maximum: DURATION_MAX_MS });

/** The first line: what this file is. */
export const VersionLine = Type.Object({
  plumb_cassette: Type.Literal(CASSETTE_VERSION),
  /** When recording began, as ISO 8601. */
  recorded_at: Type.String(),
  /** `scrubbed`: no prompt and no answer is in it, and requests are found by `match`. */
  prompts: Type.Union([Type.Literal('kept'), Type.Literal('scrubbed')]),
  /** 32 hex digits that `match` is made with, so that equal prompts in two cassettes do not look equal. */
  salt: Type.String({ pattern: '^[0-9a-f]{32}$' }),
});
export type VersionLine = Static<typeof VersionLine>;
export type Prompts = VersionLine['prompts'];

/** Bytes: as text where they are UTF-8, else in base64. */
const bytes = { text: Type.Optional(Type.String()), base64: Type.Optional(Type.String()) };

const RecordedRequest = Type.Object({
  method: Type.String({ pattern: '^[A-Z]+$', maxLength: 20 }),
  /** With its query. */
  path: Type.String({ pattern: '^/' }),
  /** Names in small letters. Nothing is found by them. */
  headers: Type.Record(Type.String(), Type.String()),
  /** `json` where that gives the same bytes again; of a scrubbed one only its size and its model. */
  body: Type.Optional(
    Type.Object({
      json: Type.Optional(Type.Unknown()),
      ...bytes,
      bytes: Type.Optional(Type.Integer({ minimum: 0 })),
      model: Type.Optional(Type.String()),
    }),
  ),
  /** HMAC-SHA256 of the normalised request under the salt, where the request itself was scrubbed. */
  match: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
});
export type RecordedRequest = Static<typeof RecordedRequest>;

const RecordedChunk = Type.Object({ at: At, ...bytes });
export type RecordedChunk = Static<typeof RecordedChunk>;

const RecordedResponse = Type.Object({
  at: At,
  status: Type.Integer({ minimum: 200, maximum: 999 }),
  reason: Type.String({ pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' }),
  /** As they were sent: in their order, with their letters. */
  headers: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  chunks: Type.Array(RecordedChunk),
});
export type RecordedResponse = Static<typeof RecordedResponse>;

/** One request and what came back. Without `response` nothing did. */
export const ExchangeLine = Type.Object({
  recorded_at: Type.String(),
  /** Where the API is served, without user, password and query. */
  upstream: Type.String({ pattern: '^https?://' }),
  request: RecordedRequest,
  response: Type.Optional(RecordedResponse),
  end: Type.Object({
    at: At,
    /** The connection failed then, as Node or undici calls it. */
    error: Type.Optional(
      Type.Object({ code: Type.Optional(Type.String()), name: Type.String(), message: Type.String() }),
    ),
  }),
});
export type ExchangeLine = Static<typeof ExchangeLine>;

/** An exchange that was left out, and why. */
export interface SkippedLine {
  readonly skipped: { readonly recorded_at: string; readonly method: string; readonly path: string };
  readonly reason: string;
}

/** Recording ended before the traffic did. */
export interface StoppedLine {
  readonly stopped: string;
}
