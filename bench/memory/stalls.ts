/** Whether long prompts hold up the streams of others: the longest gap in paced streams while they arrive. */
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { quantile } from '../engine/statistics.js';
import { startServerProcess } from '../support/server-process.js';
import type { Row } from './report.js';
import { withScene } from './scene.js';
import { MODEL } from './settings.js';

const STREAMS = 50;
/** Milliseconds between two events of a stream. */
const PACE_MS = 20;
const PROMPTS = 20;
/** Between two prompts, and how long the streams run without one. */
const PROMPT_EVERY_MS = 250;
const QUIET_MS = 5_000;
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
      await wait(QUIET_MS);
      const rows = [describe('without long prompts', gaps.restart())].slice(1);
      await wait(QUIET_MS);
      rows.push(describe('without long prompts', gaps.restart()));
      for (const [name, text] of Object.entries(PROMPT_TEXTS)) {
        const body = makePrompt(text);
        for (let prompt = 0; prompt < PROMPTS; prompt++) {
          await drain(await ask(body));
          await wait(PROMPT_EVERY_MS);
        }
        rows.push(describe(`while prompts of 1 MB arrive, ${name}`, gaps.restart(), '≤ 20'));
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
  #late: number[] = [];

  /** Watches a stream until the signal is aborted. */
  async watch(body: AnswerBody, signal: AbortSignal): Promise<void> {
    let last = performance.now();
    for await (const _ of body) {
      if (signal.aborted) return;
      const now = performance.now();
      this.#late.push(now - last - PACE_MS);
      last = now;
    }
  }

  /** What there was since the last call. */
  restart(): readonly number[] {
    const late = this.#late;
    this.#late = [];
    return late;
  }
}

function describe(what: string, late: readonly number[], target = ''): Row {
  const note = `late at the most; p99 ${quantile(late, 0.99).toFixed(1)}, of ${late.length} events`;
  return { what: `a stream ${what}`, unit: 'ms', value: Math.max(...late), note, target };
}
