/** The timeline of a load as it is written to files. */
import type { LogHistogram } from '../log-histogram.js';
import type { Recorder } from '../recorder.js';
import type { Slice } from '../timeline.js';

/** One slice of time; what was counted, and quantiles in ms (null for none) of the requests that were due in it. */
export interface SliceRecord {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly dropped: number;
  readonly met: number;
  readonly answer_tokens: number;
  readonly in_flight_max: number;
  readonly ttft: SliceQuantiles;
  readonly e2e: SliceQuantiles;
}

export interface SliceQuantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export function toSlices(recorder: Recorder): SliceRecord[] {
  return recorder.timeline.slices.map((slice) => toSlice(slice, recorder.tokensPerEvent));
}

function toSlice(slice: Slice, tokensEach: number): SliceRecord {
  const { sent, answered, failed, dropped, met, tokenEvents, bufferedTokens, inFlightMax } = slice;
  return {
    ...{ sent, answered, failed, dropped, met },
    answer_tokens: Math.round(tokenEvents * tokensEach + bufferedTokens),
    in_flight_max: inFlightMax,
    ttft: quantilesOf(slice.ttft),
    e2e: quantilesOf(slice.e2e),
  };
}

function quantilesOf(histogram: LogHistogram): SliceQuantiles {
  if (histogram.count === 0) return { p50: null, p95: null, p99: null };
  return { p50: histogram.quantile(0.5), p95: histogram.quantile(0.95), p99: histogram.quantile(0.99) };
}
