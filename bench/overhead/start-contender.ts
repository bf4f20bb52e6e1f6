/** Starts a contender for one round: how soon it answers, how much memory it has then; and its warm-up afterwards. */
import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, ReadyContender, RunningContender } from './contenders/contender.js';
import type { Figures } from './figures.js';
import type { Generator, Upstream } from './helper-process.js';
import type { Target } from './load/protocol.js';
import { writeBody } from './load/write-request.js';
import { listTree, readRssBytes } from './process-tree.js';

/** Between two tries to get a first answer, in ms. */
const POLL_MS = 5;
/** From the first answer to looking at the idle memory, in ms. */
const IDLE_MS = 500;
/** V8 compiles what is hot, and caches fill: so long of either kind, in ms. */
const BUFFERED_WARM_UP_MS = 6_000;
const STREAMED_WARM_UP_MS = 2_000;

/** What a start needs. */
export interface Stage {
  upstream: Upstream;
  generator: Generator;
  /** Folder of this run; contenders get folders in it. */
  folder: string;
  /** The processor of the contender. */
  processor?: number | undefined;
}

/** A contender that was found. */
export interface Found {
  contender: Contender;
  ready: ReadyContender;
}

/** A contender in one round. */
export interface Participant {
  contender: Contender;
  running: RunningContender;
  /** First answer and idle memory. */
  figures: Figures;
}

/** Resolves when it has answered for the first time, cold. Rejects when it does not within a minute. */
export async function startContender({ contender, ready }: Found, stage: Stage, round: number): Promise<Participant> {
  const folder = join(stage.folder, `${contender.name}-${round}`);
  await mkdir(folder, { recursive: true });
  const { startedAtMs, ...running } = await ready.start({
    upstreamPort: stage.upstream.port,
    folder,
    ...(stage.processor === undefined ? {} : { processor: stage.processor }),
  });
  try {
    const figures = await observeStart(running, startedAtMs);
    return { contender, running, figures };
  } catch (error) {
    await running.server?.stop();
    throw error;
  }
}

async function observeStart({ target, server }: RunningContender, startedAtMs: number): Promise<Figures> {
  if (server === undefined) return {};
  let last = 'no answer';
  const ask = async () => {
    const { status, text } = await post(target);
    if (status !== undefined) last = `${status}: ${text}`;
    return status === 200 ? performance.now() - startedAtMs : null;
  };
  const firstAnswerMs = await server.waitFor(ask, POLL_MS).catch((error: Error) => {
    throw new Error(`Its last answer was ${last}. ${error.message}`);
  });
  await delay(IDLE_MS);
  return { firstAnswerMs, idleRssMb: readRssBytes(listTree(server.processId)) / 2 ** 20 };
}

function post({ port, path, headers, model }: Target): Promise<{ status?: number | undefined; text: string }> {
  return new Promise((resolve) => {
    const options = { port, path, method: 'POST', host: '127.0.0.1', agent: false } as const;
    const asking = request({ ...options, headers: { ...headers, 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('close', () => resolve({ status: response.statusCode, text }));
    });
    asking.on('error', () => resolve({ text: '' }));
    asking.end(writeBody({ bodyBytes: 1024 }, model));
  });
}

/** Rejects when it fails a request. */
export async function warmUp({ running: { target } }: Participant, { generator }: Stage): Promise<void> {
  const common = { target, others: [], durationMs: 1 };
  const request = { bodyBytes: 1024 };
  const connections = 32;
  await generator.load({ ...common, request, arrival: { kind: 'closed', connections }, warmUpMs: BUFFERED_WARM_UP_MS });
  const stream = { chunks: 64, paceUs: 0 };
  const arrival = { kind: 'streams', streams: 16 } as const;
  await generator.load({ ...common, request: { ...request, stream }, arrival, warmUpMs: STREAMED_WARM_UP_MS });
}
