/** Whether long prompts hold up the streams of others: the longest gap in paced streams while they arrive. */
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { startServerProcess } from '../support/plumb-process.js';
import { quantile } from '../support/statistics.js';
import type { Row } from './report.js';
import { withScene } from './scene.js';
import { MODEL } from './settings.js';

const STREAMS = 50;
/** Milliseconds between two events of a stream. */
const PACE_MS = 20;
/** The longest gap is looked for in so many windows of this length, with a prompt in each or without. */
const WINDOWS = 40;
const WINDOW_MS = 250;
const WARM_UP_MS = 3_000;
const PROMPT_BYTES = 1_000_000;

const PROMPT_TEXTS = {
  ASCII: 'A gateway passes requests on, and is judged by what it adds to each of them. ',
  Chinese: '网关转发请求,人们以它给每个请求增加的负担来评价它。',
};

/** @param profileDir Where the server writes a profile of its processor; none without. */
export async function measureStalls(profileDir: string | undefined): Promise<Row[]> {
  return withScene(async (folder) => {
    const nodeArgs =
      profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval', '200', `--cpu-prof-dir=${profileDir}`];
    const server = await startServerProcess({ folder, nodeArgs });
    const client = new Pool(server.url, { connections: STREAMS + 8, bodyTimeout: 0 });
    const stopping = new AbortController();
    try {
      const gaps = new Gaps();
      const ask = (body: object | Buffer) => send(client, folder.key, body);
      const paced = { model: MODEL, stream: true, max_tokens: 100_000, seed: PACE_MS, messages: [HELLO] };
      const streams = Array.from({ length: STREAMS }, async () => gaps.watch(await ask(paced), stopping.signal));
      await wait(WARM_UP_MS);
      const rows = [describe('without long prompts', await watchWindows(gaps, async () => {}))];
      for (const [name, text] of Object.entries(PROMPT_TEXTS)) {
        const body = makePrompt(text);
        const windows = await watchWindows(gaps, async () => drain(await ask(body)));
        rows.push(describe(`while prompts of 1 MB arrive, ${name}`, windows, '≤ 20'));
      }
      stopping.abort();
      await Promise.allSettled(streams);
      return rows;
    } finally {
      stopping.abort();
      await client.destroy();
      await server.stop();
    }
  });
}

/** The longest gap of each window; what happens in it has ended when the next one begins. */
async function watchWindows(gaps: Gaps, happen: () => Promise<void>): Promise<number[]> {
  const longest: number[] = [];
  gaps.restart();
  for (let window = 0; window < WINDOWS; window++) {
    await Promise.all([happen(), wait(WINDOW_MS)]);
    longest.push(gaps.restart());
  }
  return longest;
}

const HELLO = { role: 'user', content: 'Hello' };

function makePrompt(text: string): Buffer {
  const content = text.repeat(Math.floor(PROMPT_BYTES / Buffer.byteLength(text)));
  return Buffer.from(JSON.stringify({ model: MODEL, max_tokens: 4, messages: [{ role: 'user', content }] }));
}

type AnswerBody = AsyncIterable<Buffer>;

async function send(client: Pool, key: string, body: object | Buffer): Promise<AnswerBody> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const bytes = Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const answer = await client.request({ path: '/v1/chat/completions', method: 'POST', headers, body: bytes });
  if (answer.statusCode !== 200) throw new Error(`Answered with ${answer.statusCode}: ${await answer.body.text()}`);
  return answer.body;
}

async function drain(body: AnswerBody): Promise<void> {
  for await (const _ of body);
}

/** How much later than at their pace events come, in ms. */
class Gaps {
  #longest = 0;

  /** Watches a stream until the signal is aborted. */
  async watch(body: AnswerBody, signal: AbortSignal): Promise<void> {
    let last = performance.now();
    for await (const _ of body) {
      if (signal.aborted) return;
      const now = performance.now();
      this.#longest = Math.max(this.#longest, now - last - PACE_MS);
      last = now;
    }
  }

  /** The longest since the last call. */
  restart(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }
}

/** The median of the windows: single ones are the machine's, which held up everything. */
function describe(what: string, longest: readonly number[], target = ''): Row {
  const note = `late at the most, median of ${longest.length} windows; p90 ${quantile(longest, 0.9).toFixed(1)}`;
  return { what: `a stream ${what}`, unit: 'ms', value: quantile(longest, 0.5), note, target };
}
