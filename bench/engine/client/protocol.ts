/** What the benchmark and its load client, a process of its own, say to each other over the channel of `fork`. */
import type { LoadOptions } from '@plumb/llama/link';
import type { RequestBody, Shape } from '../workload.js';

/** A server that is spoken to over HTTP. */
export interface HttpTarget {
  kind: 'http';
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
}

/** An engine process that the load client starts and speaks to over the link, without HTTP. */
export interface LinkTarget {
  kind: 'link';
  load: LoadOptions;
}

/** What the load goes to. */
export type Target = HttpTarget | LinkTarget;

/** One load. */
export interface LoadJob {
  shape: Shape;
  /** Streams at the same time. */
  width: number;
  /** For a burst no wave starts later than this; for a steady load the least length of its window. */
  durationMs: number;
  /** Body fields that all requests share. */
  body: RequestBody;
  /** The number of the first request; the others count on from there. */
  firstRequest: number;
}

/** What was seen of one request. Times are those of the load client's monotonic clock. */
export interface RequestRecord {
  startMs: number;
  /** When each event that carries text arrived. */
  eventsMs: number[];
  promptTokens: number;
  /** Prompt tokens that came from a prefix cache. */
  cachedTokens: number;
  answerTokens: number;
}

/** A stretch of measured time with the requests that ran in it, from before or past its end too. */
export interface Window {
  startMs: number;
  endMs: number;
  requests: RequestRecord[];
}

/** From the benchmark to the load client. */
export type ToClient = { type: 'open'; target: Target } | { type: 'run'; job: LoadJob } | { type: 'close' };

/** From the load client to the benchmark. `opened-window` and `closed-window` are sent as it happens. */
export type FromClient =
  | { type: 'opened'; engineProcessId?: number }
  | { type: 'opened-window' }
  | { type: 'closed-window' }
  | { type: 'ran'; windows: Window[] }
  | { type: 'closed' }
  | { type: 'failed'; message: string };
