/** A cassette that is read: what was asked, and what was answered to it, in the order of recording. */
import type { Prompts } from '../format/lines.js';
import { digestRequest, type NormalisedRequest, normaliseRequest } from '../format/match-request.js';
import type { SentRequest } from '../format/sent-request.js';
import { explainNearest, type Nearest } from './nearest.js';

/** What came back to one request, ready to be sent again. */
export interface RecordedAnswer {
  readonly response?:
    | {
        /** Ms since the request, as all times here. */
        readonly at: number;
        readonly status: number;
        readonly reason: string;
        readonly headers: readonly (readonly [string, string])[];
        readonly chunks: readonly { readonly at: number; readonly bytes: Buffer }[];
      }
    | undefined;
  readonly endAt: number;
  readonly error?: { readonly code?: string; readonly name: string; readonly message: string } | undefined;
}

/** All answers to one and the same request. */
export interface Track {
  readonly request: TrackRequest;
  /** One at least. */
  readonly answers: RecordedAnswer[];
}

/** What is known of the request of a track. */
export interface TrackRequest extends NormalisedRequest {
  /** The line of its first recording. */
  readonly line: number;
  /** Bytes of its body as it was sent. */
  readonly size: number;
}

export class Cassette {
  /** How it is called in messages. */
  readonly name: string;
  /** Where the API was served that its first exchange went to; undefined when nothing was recorded. */
  readonly upstream: string | undefined;
  readonly #prompts: Prompts;
  readonly #salt: string;
  readonly #tracks: ReadonlyMap<string, Track>;

  constructor(parts: {
    readonly name: string;
    readonly upstream: string | undefined;
    readonly prompts: Prompts;
    readonly salt: string;
    /** By the digests of their requests. */
    readonly tracks: ReadonlyMap<string, Track>;
  }) {
    this.name = parts.name;
    this.upstream = parts.upstream;
    this.#prompts = parts.prompts;
    this.#salt = parts.salt;
    this.#tracks = parts.tracks;
  }

  get exchanges(): number {
    return [...this.#tracks.values()].reduce((sum, { answers }) => sum + answers.length, 0);
  }

  /** The answers to exactly this request. */
  find(request: SentRequest): Track | undefined {
    return this.#tracks.get(digestRequest(normaliseRequest(request), this.#salt));
  }

  /** The track whose request is most like this one, and what is different; undefined when nothing was recorded. */
  findNearest(request: SentRequest): Nearest | undefined {
    const tracks = [...this.#tracks.values()];
    const asked = { ...normaliseRequest(request), size: request.body.length };
    return explainNearest(asked, tracks, this.#prompts === 'kept');
  }
}
