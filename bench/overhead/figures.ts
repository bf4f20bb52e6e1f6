/** What is measured of one contender in one scenario of one round. */
import type { JobResult } from './load/protocol.js';

/** Names of figures. Those of `added…` and ratios are not here: they compare, and are made from these. */
export const FIGURE_NAMES = [
  'requestsPerSecond',
  'cpuUsPerRequest',
  'p50Ms',
  'p90Ms',
  'p99Ms',
  'p999Ms',
  'unanswered',
  'chunksPerSecond',
  'cpuUsPerChunk',
  'cpuPercent',
  'firstChunkP50Ms',
  'firstChunkP99Ms',
  'lateP50Ms',
  'lateP99Ms',
  'lateMaxMs',
  'lost',
  'rssMb',
  'rssPerStreamKb',
  'firstAnswerMs',
  'idleRssMb',
] as const;

/** Name of a figure. */
export type FigureName = (typeof FIGURE_NAMES)[number];

/** Those figures that a scenario has. */
export type Figures = Partial<Record<FigureName, number>>;

/** One contender in one scenario of one round. */
export interface Measurement {
  round: number;
  contender: string;
  scenario: string;
  figures: Figures;
  /** Processors that were busy with something else, on average. */
  foreignLoad?: number;
  /** Why there are no figures. */
  failure?: string;
}

/** The figures of a load of buffered requests. */
export function describeRequests({ lengthMs, answers, latencyMs, unanswered, cpuUs, rssBytes }: JobResult): Figures {
  return {
    requestsPerSecond: (answers / lengthMs) * 1000,
    ...(latencyMs && { p50Ms: latencyMs.p50, p90Ms: latencyMs.p90, p99Ms: latencyMs.p99, p999Ms: latencyMs.p999 }),
    unanswered,
    ...(cpuUs !== undefined && { cpuPercent: percentOf(cpuUs, lengthMs) }),
    ...(cpuUs !== undefined && answers > 0 && { cpuUsPerRequest: cpuUs / answers }),
    ...(rssBytes !== undefined && { rssMb: rssBytes / 2 ** 20 }),
  };
}

/** The figures of a load of streams. */
export function describeStreams({ lengthMs, chunks, lost, firstChunkMs, lateMs, cpuUs, rssBytes }: JobResult): Figures {
  return {
    chunksPerSecond: (chunks / lengthMs) * 1000,
    lost,
    ...(firstChunkMs && { firstChunkP50Ms: firstChunkMs.p50, firstChunkP99Ms: firstChunkMs.p99 }),
    ...(lateMs && { lateP50Ms: lateMs.p50, lateP99Ms: lateMs.p99, lateMaxMs: lateMs.max }),
    ...(cpuUs !== undefined && { cpuPercent: percentOf(cpuUs, lengthMs) }),
    ...(cpuUs !== undefined && chunks > 0 && { cpuUsPerChunk: cpuUs / chunks }),
    ...(rssBytes !== undefined && { rssMb: rssBytes / 2 ** 20 }),
  };
}

/** Per cent of one processor. */
function percentOf(cpuUs: number, lengthMs: number): number {
  return cpuUs / lengthMs / 10;
}
