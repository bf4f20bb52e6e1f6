/** Says what of a server grew: more than its noise explains, and more than would matter. */
import { findTrend, type Point, type Trend } from '../support/trend.js';
import { GAUGES, type GaugeName, type Sample } from './watch.js';

/** The verdict on one gauge, over the samples after the warm-up. */
export interface Judgement extends Trend {
  readonly gauge: string;
  /** The median of the first and of the last tenth. */
  readonly first: number;
  readonly last: number;
  /** By how much it grew for certain over the whole stretch; below 0 when it may have fallen. */
  readonly certainGrowth: number;
  /** Certain growth up to it is nothing yet. */
  readonly tolerance: number;
  readonly grows: boolean;
}

/**
 * How much certain growth over the stretch is nothing yet: a heap breathes, pages come back late, and a machine that is
 * busy with something else for a moment needs more connections for the same rate. What is left out is told and not judged.
 */
const TOLERANCES: Readonly<Partial<Record<GaugeName, number>>> = {
  resident: 8,
  heap: 4,
  external: 4,
  // One of them lost in three thousand requests is more than that in twenty minutes.
  descriptors: 100,
  handles: 100,
  backlog: 10,
};

/** Of what there was at first, if that is more. */
const TOLERANCE_SHARE = 0.05;

/**
 * The heap rises until garbage is collected: its floor is what is still held. The lowest of so many samples stands for all
 * of them.
 */
const FLOOR_SAMPLES = 6;

/** Rates are told per hour, times are in seconds. */
const HOUR_S = 3600;

export function judge(samples: readonly Sample[]): Judgement[] {
  return Object.entries(GAUGES).map(([gauge, name]) => judgeGauge(gauge, name, samples));
}

function judgeGauge(gauge: string, name: GaugeName, samples: readonly Sample[]): Judgement {
  const all = samples.map(({ at, [name]: value }): Point => [at, value]);
  const points = name === 'heap' || name === 'external' ? floorOf(all) : all;
  const { slope, low, high } = findTrend(points);
  const lengthS = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0);
  const certainGrowth = low * lengthS;
  const tenth = Math.max(1, Math.floor(points.length / 10));
  const first = middleOf(points.slice(0, tenth));
  const tolerance = Math.max(TOLERANCES[name] ?? Number.POSITIVE_INFINITY, first * TOLERANCE_SHARE);
  return {
    ...{ gauge, slope: slope * HOUR_S, low: low * HOUR_S, high: high * HOUR_S },
    first,
    last: middleOf(points.slice(-tenth)),
    ...{ certainGrowth, tolerance, grows: certainGrowth > tolerance },
  };
}

function floorOf(points: readonly Point[]): Point[] {
  const floors: Point[] = [];
  for (let place = 0; place + FLOOR_SAMPLES <= points.length; place += FLOOR_SAMPLES) {
    const group = points.slice(place, place + FLOOR_SAMPLES);
    floors.push(group.reduce((lowest, point) => (point[1] < lowest[1] ? point : lowest)));
  }
  return floors;
}

function middleOf(points: readonly Point[]): number {
  const sorted = points.map(([, value]) => value).sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
