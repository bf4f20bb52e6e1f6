/** One exchange as it was seen, byte for byte, before anything is taken out of it. */
import type { SentRequest } from '../format/sent-request.js';

export interface CapturedResponse {
  /** Ms since the request was sent, as all times here. */
  readonly at: number;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly chunks: { readonly at: number; readonly bytes: Buffer }[];
}

export interface CapturedExchange {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly request: SentRequest;
  readonly response?: CapturedResponse | undefined;
  readonly endedAt: number;
  /** Why the connection failed. */
  readonly error?: Error | undefined;
}
