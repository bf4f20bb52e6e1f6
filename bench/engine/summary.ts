/** From the measurements of all rounds to what is said about each cell, and to the ratios that the targets are set on. */

import { type Spread, spread } from '../support/statistics.js';
import type { Figures } from './figures.js';
import type { CpuUsage, Measurement } from './measure.js';
import { LOAD_CASES, type Shape } from './workload.js';

/** The contender that the others are set against. */
export const REFERENCE = 'llama-server';

/** A target on a ratio to the reference. */
export interface Target {
  /** The shape of load that it is held in. */
  shapes: readonly Shape[];
  figure: 'decodeRate' | 'totalRate' | 'firstTokenMean';
  label: string;
  reached(ratio: number): boolean;
}

/**
 * The targets, held at every width. The total of a burst is left out: who serves first tokens early ends its streams one
 * by one too, and the last of them run in small batches, which no load but a burst does to it.
 */
export const TARGETS: readonly Target[] = [
  { shapes: ['burst'], figure: 'decodeRate', label: 'decode ≥ 0.97', reached: (ratio) => ratio >= 0.97 },
  { shapes: ['steady'], figure: 'totalRate', label: 'total ≥ 0.97', reached: (ratio) => ratio >= 0.97 },
  { shapes: ['burst', 'steady'], figure: 'firstTokenMean', label: 'first token < 1', reached: (ratio) => ratio < 1 },
];

/** One contender at one width in one case, over the rounds that count. */
export interface CellSummary {
  case: string;
  width: number;
  contender: string;
  /** Rounds without much foreign load; the figures are theirs, or those of all rounds when there is none. */
  cleanRounds: number;
  noisyRounds: number;
  figures: Record<keyof Figures, Spread | undefined>;
  /** CPU time for a thousand answer tokens by part, in ms. */
  cpuMsPerThousandTokens: Record<keyof CpuUsage, Spread | undefined>;
  foreignLoad: Spread | undefined;
}

/** A contender against the reference at one width in one case: figures divided within each round. */
export interface RatioSummary {
  case: string;
  width: number;
  contender: string;
  /** Rounds in which neither had much foreign load; the ratios are theirs, or those of all rounds when there is none. */
  cleanRounds: number;
  noisyRounds: number;
  ratios: Record<Target['figure'] | 'gapMedian' | 'gap95', Spread | undefined>;
}

/** The targets that the medians of these ratios miss. */
export function findMissed({ case: name, ratios }: RatioSummary): Target[] {
  const shape = LOAD_CASES.find((loadCase) => loadCase.name === name)?.shape;
  return TARGETS.filter(({ shapes, figure, reached }) => {
    const ratio = ratios[figure];
    return shapes.some((one) => one === shape) && ratio !== undefined && !reached(ratio.median);
  });
}

/** Everything that is said about a run. */
export interface Summary {
  cells: CellSummary[];
  ratios: RatioSummary[];
}

/** Summarizes all measurements. A measurement with a foreign load above `noise` is noisy. */
export function summarize(measurements: readonly Measurement[], noise: number): Summary {
  const cells = groupBy(measurements, ({ case: name, width, contender }) => `${name} ${width} ${contender}`);
  return {
    cells: cells.map((cell) => summarizeCell(cell, noise)),
    ratios: cells.flatMap((cell) => summarizeRatios(cell, measurements, noise) ?? []),
  };
}

function summarizeCell(cell: readonly Measurement[], noise: number): CellSummary {
  const clean = cell.filter(({ foreignLoad }) => foreignLoad <= noise);
  const counted = clean.length > 0 ? clean : cell;
  const { case: name, width, contender, figures } = cell[0]!;
  const keys = Object.keys(figures) as (keyof Figures)[];
  return {
    case: name,
    width,
    contender,
    cleanRounds: clean.length,
    noisyRounds: cell.length - clean.length,
    figures: mapKeys(keys, (key) => spread(counted.map((measurement) => measurement.figures[key]))),
    cpuMsPerThousandTokens: mapKeys(['server', 'engine', 'client'], (role) =>
      spread(counted.map(({ cpuMs, figures: { tokens } }) => ((cpuMs[role] ?? Number.NaN) * 1000) / tokens)),
    ),
    foreignLoad: spread(cell.map(({ foreignLoad }) => foreignLoad)),
  };
}

function summarizeRatios(
  cell: readonly Measurement[],
  all: readonly Measurement[],
  noise: number,
): RatioSummary | undefined {
  const { case: name, width, contender } = cell[0]!;
  if (contender === REFERENCE) return undefined;
  const pairs = cell.flatMap((measurement) => {
    const reference = all.find(
      (other) =>
        other.contender === REFERENCE &&
        other.case === name &&
        other.width === width &&
        other.round === measurement.round,
    );
    if (reference === undefined) return [];
    const clean = Math.max(measurement.foreignLoad, reference.foreignLoad) <= noise;
    return { own: measurement.figures, reference: reference.figures, clean };
  });
  if (pairs.length === 0) return undefined;
  const clean = pairs.filter((pair) => pair.clean);
  const counted = clean.length > 0 ? clean : pairs;
  return {
    case: name,
    width,
    contender,
    cleanRounds: clean.length,
    noisyRounds: pairs.length - clean.length,
    ratios: mapKeys(['decodeRate', 'totalRate', 'firstTokenMean', 'gapMedian', 'gap95'], (key) =>
      spread(counted.map(({ own, reference }) => own[key] / reference[key])),
    ),
  };
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function mapKeys<Key extends string, Value>(keys: readonly Key[], find: (key: Key) => Value): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, find(key)])) as Record<Key, Value>;
}
