/** What was to be reached, and whether it was. */
import { type Spread, spread } from '../support/statistics.js';
import type { FigureName } from './figures.js';
import { START } from './measure.js';
import type { Results } from './results.js';
import { Summary } from './summary.js';
import { formatSpread, REFERENCE, type Table } from './tables.js';
import { WORKERS } from './workers.js';

/** One target. The median over the rounds is what counts. */
interface Target {
  name: string;
  bound: 'at least' | 'at most';
  limit: number;
  unit: string;
  digits: number;
  measured: Spread | undefined;
}

/** Finds the figures that a target is about. */
class Figures {
  readonly #summary: Summary;
  readonly #decodeUs: readonly number[];

  constructor({ measurements, decodeUs }: Results) {
    this.#summary = new Summary(measurements);
    this.#decodeUs = decodeUs;
  }

  plain(scenario: string, figure: FigureName): Spread | undefined {
    return this.#summary.spreadOf(placeOf(scenario, figure));
  }

  toBare(scenario: string, figure: FigureName): Spread | undefined {
    return this.#summary.ratioTo(REFERENCE, placeOf(scenario, figure));
  }

  toPeer(peer: string): Spread | undefined {
    return this.#summary.ratioTo(peer, placeOf('closed-32', 'requestsPerSecond'));
  }

  overDirect(scenario: string, figure: FigureName): Spread | undefined {
    return this.#summary.differenceTo('direct', placeOf(scenario, figure));
  }

  /** Plumb's CPU time for a large prompt, divided by that of `bare` and of one decode and parse in the same round. */
  toBareAndDecode(): Spread | undefined {
    const place = placeOf('body-100k', 'cpuUsPerRequest');
    const bare = this.#summary.byRound({ ...place, contender: REFERENCE });
    const ratios = [...this.#summary.byRound(place)].flatMap(([round, value]) => {
      const [other, decode] = [bare.get(round), this.#decodeUs[round - 1]];
      return other === undefined || decode === undefined ? [] : [value / (other + decode)];
    });
    return spread(ratios);
  }

  workers(): Spread | undefined {
    const place = { contender: 'plumb-2-workers', scenario: WORKERS, figure: 'requestsPerSecond' } as const;
    return this.#summary.ratioTo('plumb', place);
  }
}

function placeOf(scenario: string, figure: FigureName) {
  return { contender: 'plumb', scenario, figure };
}

/** The targets beside what was measured. */
export function makeTargetTable(results: Results): Table {
  const rows = listTargets(new Figures(results)).map(({ name, bound, limit, unit, digits, measured }) => [
    name,
    `${bound} ${limit.toLocaleString('en')}${unit}`,
    formatSpread(measured, digits),
    judge(bound, limit, measured),
  ]);
  return { title: 'targets', head: ['', 'target', 'measured', ''], rows };
}

function judge(bound: Target['bound'], limit: number, measured: Spread | undefined): string {
  if (measured === undefined) return 'not measured';
  const isMet = bound === 'at least' ? measured.median >= limit : measured.median <= limit;
  return isMet ? 'met' : 'missed';
}

function listTargets(figures: Figures): Target[] {
  return [...listBuffered(figures), ...listAdded(figures), ...listStreamed(figures), ...listOthers(figures)];
}

function listBuffered(figures: Figures): Target[] {
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

function listAdded(figures: Figures): Target[] {
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

function listStreamed(figures: Figures): Target[] {
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

function listOthers(figures: Figures): Target[] {
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
