/** What the benchmark and its load generator, a process of its own, say to each other over the channel of the parent. */

/** Where requests go. */
export interface Target {
  port: number;
  path: string;
  headers: Record<string, string>;
  /** What it calls the model; `m` when it is left out. */
  model?: string;
}

/** The answer that is asked for. */
export interface StreamShape {
  /** Chunks of content. */
  chunks: number;
  /** Time between two of them, in microseconds; 0 asks for all at once. */
  paceUs: number;
}

/** The request that a load repeats. */
export interface RequestShape {
  /** Size of the body, in bytes. */
  bodyBytes: number;
  /** Undefined asks for a buffered answer. */
  stream?: StreamShape;
}

/**
 * How requests follow each other.
 * - `closed`: each connection sends the next one when the last is answered.
 * - `open`: they are sent at a fixed rate, whatever happens to them; latency counts from the time that was planned.
 * - `streams`: so many streams, each of which starts again when it has ended.
 */
export type Arrival =
  | { kind: 'closed'; connections: number }
  | { kind: 'open'; perSecond: number }
  | { kind: 'streams'; streams: number; beside?: Beside };

/** Large requests in the midst of streams. */
export interface Beside {
  bodyBytes: number;
  /** From the beginning of one to that of the next, in ms; later when it is not answered by then. */
  everyMs: number;
}

/** One load. */
export interface Job {
  target: Target;
  request: RequestShape;
  arrival: Arrival;
  /** Goes on so long before anything is measured, in ms. */
  warmUpMs: number;
  /** The measured time, in ms. */
  durationMs: number;
  /** The process of the contender; its children count too. */
  contender?: number;
  /** Other processes of the benchmark that work meanwhile. */
  others: number[];
}

/** A distribution. */
export interface Distribution {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

/** What was seen in the measured time. */
export interface JobResult {
  /** Length of the measured time, in ms. */
  lengthMs: number;
  /** Answers that were complete in it, buffered or streamed. */
  answers: number;
  /** Of buffered answers, in ms. */
  latencyMs?: Distribution;
  /** Events that carry a chunk, of streams. */
  chunks: number;
  /** From sending the request to the first event, in ms. */
  firstChunkMs?: Distribution;
  /** From the stub's sending of a chunk to its arrival here, in ms; of paced streams. */
  lateMs?: Distribution;
  /** Streams that ended or broke without all of their chunks and `[DONE]`. */
  lost: number;
  /** Requests of an open loop that had no answer two seconds after its end. */
  unanswered: number;
  /** CPU time of the contender with all of its threads and children, in microseconds. */
  cpuUs?: number;
  /** Memory of the contender at the end, in bytes. */
  rssBytes?: number;
  /** Processors that were busy with something else, on average: 0.1 is a tenth of one. */
  foreignLoad: number;
}

/** From the benchmark to the generator. `decode` measures what decoding and parsing a body takes, alone. */
export type ToGenerator = { type: 'load'; job: Job } | { type: 'decode'; bodyBytes: number; durationMs: number };

/** From the generator to the benchmark. */
export type FromGenerator =
  | { type: 'loaded'; result: JobResult }
  | { type: 'decoded'; microseconds: number }
  | { type: 'failed'; message: string };
