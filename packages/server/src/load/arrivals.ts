/** When the requests of an open loop are due: by a rate that may change, evenly or as chance has it. */
import { drawExponential, type Random } from './seeds.js';

/** A stretch of time in which the rate stays or changes steadily. */
export interface Stage {
  /** Requests a second at its start and at its end. */
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
  /** Infinity for one without an end. */
  readonly durationMs: number;
}

export type ArrivalKind = 'poisson' | 'uniform';

/** What rounding may leave of a request: one that would be due at the very end of a stage belongs to the next one. */
const ROUNDING = 1e-9;

/**
 * The times at which requests are due, in ms from the start, in order. `uniform`: evenly, the first at once. `poisson`:
 * the gaps are exponential, as those of many callers who know nothing of each other.
 */
export function* arrivalTimes(stages: readonly Stage[], kind: ArrivalKind, random: Random): Generator<number> {
  const draw = kind === 'uniform' ? () => 1 : () => drawExponential(random);
  let due = kind === 'uniform' ? 0 : draw();
  let startMs = 0;
  for (const stage of stages) {
    let at = 0;
    while (due < expectedFrom(stage, at) - ROUNDING) {
      at += gapUntil(stage, at, due);
      yield startMs + at;
      due = draw();
    }
    due -= expectedFrom(stage, at);
    startMs += stage.durationMs;
  }
}

/** How many requests the stages bring on average; Infinity when they have no end. */
export function expectedRequests(stages: readonly Stage[]): number {
  return stages.reduce((sum, stage) => sum + expectedFrom(stage, 0), 0);
}

/** How long the stages take, in ms. */
export function durationOf(stages: readonly Stage[]): number {
  return stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** How long it takes from a time in a stage until so many requests are expected, which they are before its end. */
function gapUntil(stage: Stage, at: number, due: number): number {
  if (due <= 0) return 0;
  const slope = slopeOf(stage);
  const rate = stage.fromPerSecond / 1000 + slope * at;
  return (2 * due) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * due)));
}

/** Requests that are expected from a time in a stage to its end. */
function expectedFrom(stage: Stage, at: number): number {
  const left = stage.durationMs - at;
  if (!Number.isFinite(left)) return stage.fromPerSecond === 0 ? 0 : Number.POSITIVE_INFINITY;
  const rateNow = stage.fromPerSecond / 1000 + slopeOf(stage) * at;
  return ((rateNow + stage.toPerSecond / 1000) / 2) * left;
}

/** How fast the rate changes, in requests per ms, per ms. */
function slopeOf({ fromPerSecond, toPerSecond, durationMs }: Stage): number {
  return Number.isFinite(durationMs) ? (toPerSecond - fromPerSecond) / 1000 / durationMs : 0;
}
