/** What was to be reached, and whether it was. */
import type { Spread } from '../support/statistics.js';
import { START } from './measure.js';
import type { Results } from './results.js';
import { formatSpread, type Table } from './tables.js';
import { TargetFigures } from './target-figures.js';

/** One target. The median over the rounds is what counts. */
interface Target {
  name: string;
  bound: 'at least' | 'at most';
  limit: number;
  unit: string;
  digits: number;
  measured: Spread | undefined;
}

/** The targets beside what was measured. */
export function makeTargetTable(results: Results): Table {
  const rows = listTargets(new TargetFigures(results)).map(({ name, bound, limit, unit, digits, measured }) => [
    name,
    `${bound} ${limit.toLocaleString('en')}${unit}`,
    formatSpread(measured, digits),
    judge(bound, limit, measured),
  ]);
  return { title: 'targets', head: ['', 'target', 'measured', ''], rows, leftColumns: 2 };
}

function judge(bound: Target['bound'], limit: number, measured: Spread | undefined): string {
  if (measured === undefined) return 'not measured';
  const isMet = bound === 'at least' ? measured.median >= limit : measured.median <= limit;
  return isMet ? 'met' : 'missed';
}

function listTargets(figures: TargetFigures): Target[] {
  return [...listBuffered(figures), ...listAdded(figures), ...listStreamed(figures), ...listOthers(figures)];
}

function listBuffered(figures: TargetFigures): Target[] {
  const times = { unit: ' ×', digits: 2, bound: 'at least' } as const;
  const peers = [
    ['portkey', 8],
    ['gomodel', 1],
    ['bifrost', 1],
    ['litellm', 1],
  ] as const;
  return [
    {
      name: 'requests/s, 32 connections, ÷ bare',
      limit: 0.75,
      measured: figures.toBare('closed-32', 'requestsPerSecond'),
      ...times,
    },
    {
      name: 'CPU a request, 32 connections, ÷ bare',
      limit: 1.3,
      measured: figures.toBare('closed-32', 'cpuUsPerRequest'),
      ...times,
      bound: 'at most',
    },
    ...peers.map(([peer, limit]) => ({
      name: `requests/s, 32 connections, ÷ ${peer}`,
      limit,
      measured: figures.toPeer(peer),
      ...times,
    })),
    {
      name: 'CPU a request, 100 KiB, ÷ (bare + one decode and parse)',
      limit: 1,
      measured: figures.toBareAndDecode(),
      ...times,
      bound: 'at most',
    },
  ];
}

function listAdded(figures: TargetFigures): Target[] {
  const added = { bound: 'at most', unit: ' ms', digits: 3 } as const;
  return [
    {
      name: 'p50 over direct, 500 requests/s',
      limit: 0.15,
      measured: figures.overDirect('rate-500', 'p50Ms'),
      ...added,
    },
    {
      name: 'p50 over direct, 2000 requests/s',
      limit: 0.15,
      measured: figures.overDirect('rate-2000', 'p50Ms'),
      ...added,
    },
    {
      name: 'first chunk over direct',
      limit: 0.2,
      measured: figures.overDirect('first-chunk', 'firstChunkP50Ms'),
      ...added,
    },
  ];
}

function listStreamed(figures: TargetFigures): Target[] {
  const times = { bound: 'at most', unit: ' ×', digits: 2 } as const;
  const rate = { bound: 'at least', unit: '', digits: 0, limit: 350_000 } as const;
  return [
    {
      name: 'CPU a chunk, 200 streams, ÷ bare',
      limit: 1.05,
      measured: figures.toBare('paced-200', 'cpuUsPerChunk'),
      ...times,
    },
    {
      name: 'CPU a chunk, 1000 streams, ÷ bare',
      limit: 1.05,
      measured: figures.toBare('paced-1000', 'cpuUsPerChunk'),
      ...times,
    },
    { name: 'chunks/s, 64 at once', measured: figures.plain('burst-64', 'chunksPerSecond'), ...rate },
    { name: 'chunks/s, 256 at once', measured: figures.plain('burst-256', 'chunksPerSecond'), ...rate },
    {
      name: '1000 streams of 20 chunks/s: processor',
      bound: 'at most',
      limit: 60,
      unit: ' %',
      digits: 0,
      measured: figures.plain('paced-1000', 'cpuPercent'),
    },
    {
      name: '1000 streams of 20 chunks/s: lost',
      bound: 'at most',
      limit: 0,
      unit: '',
      digits: 0,
      measured: figures.plain('paced-1000', 'lost'),
    },
    {
      name: '1000 streams of 20 chunks/s: median lateness',
      bound: 'at most',
      limit: 0.3,
      unit: ' ms',
      digits: 2,
      measured: figures.plain('paced-1000', 'lateP50Ms'),
    },
  ];
}

function listOthers(figures: TargetFigures): Target[] {
  return [
    {
      name: 'latest chunk beside requests of 1 MiB',
      bound: 'at most',
      limit: 20,
      unit: ' ms',
      digits: 1,
      measured: figures.plain('beside-1m', 'lateMaxMs'),
    },
    {
      name: 'idle memory',
      bound: 'at most',
      limit: 120,
      unit: ' MB',
      digits: 0,
      measured: figures.plain(START, 'idleRssMb'),
    },
    {
      name: 'memory of an open stream',
      bound: 'at most',
      limit: 35,
      unit: ' KB',
      digits: 1,
      measured: figures.plain('idle-streams', 'rssPerStreamKb'),
    },
    {
      name: 'first answer after the start',
      bound: 'at most',
      limit: 500,
      unit: ' ms',
      digits: 0,
      measured: figures.plain(START, 'firstAnswerMs'),
    },
    {
      name: 'requests/s, two workers ÷ one',
      bound: 'at least',
      limit: 1.5,
      unit: ' ×',
      digits: 2,
      measured: figures.workers(),
    },
  ];
}
