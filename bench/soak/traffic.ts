/** The load: all that happens to a server, in fixed shares, at a steady rate that does not wait for answers. */
import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { BROKEN_MODEL, MODEL } from './settings.js';

/** One kind of request and what may come of it. */
interface Kind {
  readonly name: string;
  /** Of a thousand requests. */
  readonly share: number;
  readonly body: object;
  readonly headers?: () => Record<string, string>;
  /** The statuses that are right. */
  readonly statuses: readonly number[];
  /** Whether the client goes away after the first bytes of the answer. */
  readonly leaves?: boolean;
}

/** How a kind has done. */
export interface Tally {
  sent: number;
  /** Answers by their status; 0 where the connection broke off. */
  readonly statuses: Map<number, number>;
  /** With another status than is right, or with an answer that is not whole. */
  wrong: number;
}

/** Milliseconds between two pieces of a paced stream. */
const PACE_MS = 20;
/** The most requests under way; beyond, the server is too slow for the rate, which is told. */
const UNDER_WAY_MAX = 5000;
const TICK_MS = 10;
/** The keys that are sent twice: the second time half a second later, when the first answer is there. */
const REPEAT_AFTER_MS = 500;

export class Traffic {
  readonly tallies = new Map<string, Tally>();
  readonly #pool: Pool;
  readonly #key: string;
  readonly #kinds: readonly Kind[];
  readonly #idempotencyKeys: { readonly key: string; readonly from: number }[] = [];
  #underWay = 0;
  #skipped = 0;
  #number = 0;

  constructor(url: string, key: string) {
    this.#pool = new Pool(url, { connections: 1024, bodyTimeout: 0, headersTimeout: 0 });
    this.#key = key;
    this.#kinds = this.#describeKinds();
    for (const { name } of this.#kinds) this.tallies.set(name, { sent: 0, statuses: new Map(), wrong: 0 });
  }

  /** Requests that were not sent because too many were under way. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Sends at a rate (requests a second) until the signal is aborted, and resolves when every request has ended. */
  async run(rate: number, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    let due = 0;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const target = ((performance.now() - startedAt) / 1000) * rate;
        for (; due < target; due++) this.#sendNext();
        if (!signal.aborted || this.#underWay > 0) {
          if (signal.aborted) due = Number.POSITIVE_INFINITY;
          return;
        }
        clearInterval(timer);
        resolve();
      }, TICK_MS);
    });
    await this.#pool.close();
  }

  #sendNext(): void {
    if (this.#underWay >= UNDER_WAY_MAX) {
      this.#skipped += 1;
      return;
    }
    const kind = this.#chooseKind();
    this.#underWay += 1;
    void this.#send(kind).finally(() => {
      this.#underWay -= 1;
    });
  }

  /** The same mix in every thousand requests, spread evenly: a stride that shares no factor with a thousand. */
  #chooseKind(): Kind {
    let place = (this.#number++ * 387) % 1000;
    const found = this.#kinds.find(({ share }) => {
      place -= share;
      return place < 0;
    });
    return found ?? this.#kinds[0]!;
  }

  async #send(kind: Kind): Promise<void> {
    const tally = this.tallies.get(kind.name)!;
    tally.sent += 1;
    let status = 0;
    let isWhole = false;
    try {
      const headers = { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json', ...kind.headers?.() };
      const answer = await this.#pool.request({
        ...{ path: '/v1/chat/completions', method: 'POST' as const, headers, body: JSON.stringify(kind.body) },
      });
      status = answer.statusCode;
      isWhole = kind.leaves === true ? await leave(answer.body) : isComplete(await answer.body.text(), kind, status);
    } catch {
      // The connection broke off, which is right for those alone whose kind says 0.
      status = kind.statuses.includes(0) ? 0 : status;
      isWhole = kind.statuses.includes(0);
    }
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    if (!isWhole || !kind.statuses.includes(status)) tally.wrong += 1;
  }

  #describeKinds(): Kind[] {
    const ask = (content: string, more: object = {}) => ({
      model: MODEL,
      messages: [{ role: 'user', content }],
      ...more,
    });
    const broken = (content: string, more: object = {}) => ({ ...ask(content, more), model: BROKEN_MODEL });
    const paced = { stream: true, max_tokens: 32, seed: PACE_MS };
    const outage = [400, 429, 500, 502, 503];
    return [
      { name: 'buffered', share: 400, body: ask('Hello', { max_tokens: 16 }), statuses: [200] },
      {
        name: 'buffered, 20 KB prompt',
        share: 50,
        body: ask('Hello. '.repeat(2900), { max_tokens: 16 }),
        statuses: [200],
      },
      { name: 'streamed at once', share: 150, body: ask('Hello', { stream: true, max_tokens: 64 }), statuses: [200] },
      { name: 'streamed, paced', share: 150, body: ask('Hello', paced), statuses: [200] },
      { name: 'client leaves', share: 70, body: ask('Hello', paced), statuses: [200], leaves: true },
      { name: 'engine refuses', share: 30, body: ask('fail 400'), statuses: [400] },
      { name: 'engine fails', share: 10, body: broken('fail 500'), statuses: outage },
      { name: 'engine breaks off', share: 10, body: broken('break', { stream: true }), statuses: [200, ...outage] },
      {
        name: 'wrong key',
        share: 40,
        body: ask('Hello'),
        statuses: [401],
        headers: () => ({ authorization: WRONG_KEY }),
      },
      { name: 'no JSON', share: 10, body: ['no chat'], statuses: [400, 422] },
      {
        ...{ name: 'idempotency key', share: 80, body: ask('Hello', { max_tokens: 16 }), statuses: [200] },
        headers: () => ({ 'idempotency-key': this.#chooseIdempotencyKey() }),
      },
    ];
  }

  /** By turns a new key, and the oldest one that was sent once and whose answer is there. */
  #chooseIdempotencyKey(): string {
    const now = performance.now();
    const [oldest] = this.#idempotencyKeys;
    if (oldest !== undefined && oldest.from <= now) {
      this.#idempotencyKeys.shift();
      return oldest.key;
    }
    const key = randomUUID();
    this.#idempotencyKeys.push({ key, from: now + REPEAT_AFTER_MS });
    return key;
  }
}

const WRONG_KEY = `Bearer sk-${'0'.repeat(40)}`;

/** Goes away after the first bytes; returns whether there were any. */
async function leave(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<boolean> {
  for await (const bytes of body) return bytes.length > 0;
  return false;
}

function isComplete(text: string, { body }: Kind, status: number): boolean {
  if (status !== 200) return text.startsWith('{');
  if (!('stream' in body)) return text.trimEnd().endsWith('}');
  // An engine that broke off is told in the stream, after which nothing comes.
  return text.endsWith('data: [DONE]\n\n') || ('model' in body && body.model === BROKEN_MODEL);
}
