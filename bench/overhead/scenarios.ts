/** What is put to every contender. */
import { describeRequests, describeStreams, type Figures } from './figures.js';
import type { Arrival, JobResult, RequestShape } from './load/protocol.js';

/** How long a load goes on. */
export interface LoadTimes {
  /** Before it is measured, in ms. */
  warmUpMs?: number;
  /** Measured, in ms. */
  durationMs?: number;
}

/** Puts a load to the contender whose turn it is. */
export type RunLoad = (request: RequestShape, arrival: Arrival, times?: LoadTimes) => Promise<JobResult>;

/** One scenario. */
export interface Scenario {
  name: string;
  title: string;
  /** What is looked at decides the columns of its table. */
  kind: 'closed' | 'open' | 'burst' | 'paced' | 'first-chunk' | 'beside' | 'memory';
  /** Size of the bodies, in bytes. */
  bodyBytes: number;
  /** Takes long and varies little: only in the rounds in which peers take part. */
  isRare?: boolean;
  /** Needs a process that has done nothing before: it comes before the warm-up. */
  isCold?: boolean;
  run(load: RunLoad): Promise<Figures>;
}

const KIB = 1024;
/** A prompt of about 100 KB, as the target has it. */
export const LARGE_PROMPT_BYTES = 100 * KIB;
/** The first streams start over 0.8 s, and settle. */
const PACED_WARM_UP_MS = 1_200;
/** Streams that are open for longer than the scenario. */
const SLOW = { chunks: 60, paceUs: 1_000_000 };
const FEW_STREAMS = 10;
const MANY_STREAMS = 1_000;

/** All of them, in the order in which they are run. */
export const SCENARIOS: readonly Scenario[] = [
  closed('closed-1', 1, KIB),
  closed('closed-10', 10, KIB),
  closed('closed-32', 32, KIB),
  closed('body-32k', 8, 32 * KIB),
  closed('body-100k', 8, LARGE_PROMPT_BYTES),
  closed('body-1m', 8, 1024 * KIB),
  open('rate-500', 500),
  open('rate-2000', 2000),
  burst('burst-64', 64),
  burst('burst-256', 256),
  paced('paced-200', 200, 50),
  paced('paced-1000', 1000, 20),
  {
    name: 'first-chunk',
    title: 'one stream after the other, 4 chunks at 500 a second',
    kind: 'first-chunk',
    bodyBytes: KIB,
    run: async (load) => describeStreams(await load(streamed(4, 500), { kind: 'streams', streams: 1 })),
  },
  {
    name: 'beside-1m',
    title: '100 streams of 50 chunks a second, and beside them five requests of 1 MiB a second',
    kind: 'beside',
    bodyBytes: KIB,
    run: async (load) => {
      const beside = { bodyBytes: 1024 * KIB, everyMs: 200 };
      const arrival = { kind: 'streams', streams: 100, beside } as const;
      return describeStreams(await load(streamed(100, 50), arrival, { warmUpMs: PACED_WARM_UP_MS }));
    },
  },
  {
    name: 'idle-streams',
    title: `${MANY_STREAMS} open streams of one chunk a second`,
    kind: 'memory',
    bodyBytes: KIB,
    isRare: true,
    isCold: true,
    run: measureStreamMemory,
  },
];

function closed(name: string, connections: number, bodyBytes: number): Scenario {
  return {
    name,
    title: `buffered, ${connections} connections, bodies of ${bodyBytes / KIB} KiB`,
    kind: 'closed',
    bodyBytes,
    run: async (load) => describeRequests(await load({ bodyBytes }, { kind: 'closed', connections })),
  };
}

function open(name: string, perSecond: number): Scenario {
  return {
    name,
    title: `buffered, ${perSecond} requests a second, bodies of 1 KiB`,
    kind: 'open',
    bodyBytes: KIB,
    run: async (load) => describeRequests(await load({ bodyBytes: KIB }, { kind: 'open', perSecond })),
  };
}

function burst(name: string, chunks: number): Scenario {
  return {
    name,
    title: `streamed, 16 streams of ${chunks} chunks as fast as possible`,
    kind: 'burst',
    bodyBytes: KIB,
    run: async (load) => {
      const request = { bodyBytes: KIB, stream: { chunks, paceUs: 0 } };
      return describeStreams(await load(request, { kind: 'streams', streams: 16 }));
    },
  };
}

function paced(name: string, streams: number, perSecond: number): Scenario {
  return {
    name,
    title: `streamed, ${streams} streams of ${perSecond} chunks a second, one by one`,
    kind: 'paced',
    bodyBytes: KIB,
    // A stream takes two seconds, so that some begin and end all the time.
    run: async (load) => {
      const request = streamed(2 * perSecond, perSecond);
      return describeStreams(await load(request, { kind: 'streams', streams }, { warmUpMs: PACED_WARM_UP_MS }));
    },
  };
}

function streamed(chunks: number, perSecond: number): RequestShape {
  return { bodyBytes: KIB, stream: { chunks, paceUs: 1_000_000 / perSecond } };
}

/** What memory grows by between a few open streams and many, in the same process. */
async function measureStreamMemory(load: RunLoad): Promise<Figures> {
  const open = (streams: number) =>
    load({ bodyBytes: KIB, stream: SLOW }, { kind: 'streams', streams }, { warmUpMs: 1_500, durationMs: 1_000 });
  const few = await open(FEW_STREAMS);
  const many = await open(MANY_STREAMS);
  if (few.rssBytes === undefined || many.rssBytes === undefined) return {};
  const grownBy = many.rssBytes - few.rssBytes;
  return { rssMb: many.rssBytes / 2 ** 20, rssPerStreamKb: grownBy / 1024 / (MANY_STREAMS - FEW_STREAMS) };
}
