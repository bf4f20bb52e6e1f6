/**
 * The limiter benchmark: how long decisions take and how much memory they leave behind, with 1, 10 thousand and 1 million
 * accounts in memory, and with `--redis URL` over the network. Times include reading the clock, about 0.1 µs.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient } from '@redis/client';
import {
  type Admission,
  type Limits,
  MemoryLimiter,
  type Permit,
  RedisLimiter,
  type Refusal,
} from '#server/limits/index.js';
import { quantile } from './support/statistics.js';

const ACCOUNTS = [1, 10_000, 1_000_000];
/** Scopes of a request in Redis: an account; with its key; both of them also for the model. */
const REDIS_SCOPES = [1, 2, 4];
const DECISIONS = 300_000;
const REDIS_DECISIONS = 10_000;
/** Requests at a time when Redis is asked for as many as it can. */
const REDIS_WIDTH = 64;
const MINUTE_MS = 60_000;
const LIMITS = { requestsPerMinute: 100_000, tokensPerMinute: 1_000_000_000, concurrentRequests: 1000 };
/** Tokens that are reserved, and that are used. */
const RESERVED = 1000;
const USED = 700;
/** Requests in each minute where there are fewer accounts; where there are more, each account has one. */
const REQUESTS_PER_MINUTE = 10_000;

/** Whoever keeps the limiter going while the others are idle. */
const UNLIMITED: Admission = { account: 'unlimited', scopes: [{ id: 'unlimited', limits: {} }], tokens: 0 };

/** A clock that the benchmark moves: a minute of requests need not take one. */
const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { redis: { type: 'string' } } });
  print('In memory: two scopes a request (account and key), three limits each; times in µs, median / p99 / p99.9', [
    [
      'accounts',
      'admit',
      'settle',
      'refuse',
      'peek',
      'bytes an active account',
      'bytes an idle account',
      'scopes left when idle',
    ],
    ...ACCOUNTS.map(measureMemory),
  ]);
  if (values.redis === undefined) return;
  print(`In Redis: three limits a scope; times in µs, median / p99 / p99.9, one request at a time`, [
    [
      'scopes',
      'admit',
      'settle',
      'refuse',
      'peek',
      'round trips a verb',
      `admit and settle, ${REDIS_WIDTH} at a time, a second`,
    ],
    ...(await measureRedis(values.redis)),
  ]);
}

function measureMemory(accounts: number): string[] {
  const requests = Array.from({ length: accounts }, (_, index) => describeRequest(`account-${index}`, 2));
  const admit = new Stopwatch(DECISIONS + accounts);
  const settle = new Stopwatch(DECISIONS + accounts);
  const refuse = new Stopwatch(DECISIONS);
  const peek = new Stopwatch(DECISIONS);
  const heapBefore = readHeap();
  const limiter = new MemoryLimiter(clock);
  const passMs = MINUTE_MS / Math.max(accounts, REQUESTS_PER_MINUTE);
  const visit = (index: number) => {
    clock.time += passMs;
    const request = requests[index % accounts]!;
    touch(request);
    const permit = granted(admit.time(() => limiter.admit(request)));
    settle.time(() => permit.settle(USED));
  };
  for (let index = 0; index < Math.max(accounts, REQUESTS_PER_MINUTE); index++) visit(index);
  const activeBytes = Math.max(0, readHeap() - heapBefore) / accounts;
  admit.reset();
  settle.reset();
  // A stride that shares no factor with the number of accounts, so that every account comes and neighbours do not follow.
  for (let index = 0; index < DECISIONS; index++) visit(index * 7_919);
  for (let index = 0; index < DECISIONS; index++) {
    const request = requests[(index * 7_919) % accounts]!;
    touch(request);
    peek.time(() => limiter.peek(request));
  }
  measureRefusals(limiter, refuse);
  clock.time += 2 * MINUTE_MS;
  for (let index = 0; index < Math.max(2 * accounts, 1000); index++) void granted(limiter.admit(UNLIMITED)).settle(0);
  const idleBytes = Math.max(0, readHeap() - heapBefore) / accounts;
  return [
    accounts.toLocaleString('en'),
    ...[admit, settle, refuse, peek].map(String),
    activeBytes.toFixed(0),
    idleBytes.toFixed(0),
    String(limiter.size),
  ];
}

/** Brings a request into the processor's cache, where whoever authenticated it has left it. */
function touch({ scopes }: Admission): number {
  return scopes.reduce((sum, { id, limits }) => sum + id.charCodeAt(0) + (limits.requestsPerMinute ?? 0), 0);
}

function measureRefusals(limiter: MemoryLimiter, stopwatch: Stopwatch): void {
  const request = describeRequest('full', 2, { requestsPerMinute: 1 });
  granted(limiter.admit(request));
  for (let index = 0; index < DECISIONS; index++) stopwatch.time(() => limiter.admit(request));
}

async function measureRedis(url: string): Promise<string[][]> {
  const client = createClient({ url });
  client.on('error', (error) => process.stderr.write(`Redis: ${error}\n`));
  await client.connect();
  let calls = 0;
  const counting = {
    evalSha: (...call: Parameters<typeof client.evalSha>) => {
      calls += 1;
      return client.evalSha(...call);
    },
    eval: (...call: Parameters<typeof client.eval>) => {
      calls += 1;
      return client.eval(...call);
    },
  };
  const limiter = new RedisLimiter({ client: counting, prefix: `bench-${process.pid}:` });
  const rows = [];
  for (const scopes of REDIS_SCOPES) {
    const request = describeRequest(`account-${scopes}`, scopes);
    void granted(await limiter.admit(request)).settle(USED);
    const admit = new Stopwatch(REDIS_DECISIONS);
    const settle = new Stopwatch(REDIS_DECISIONS);
    calls = 0;
    for (let index = 0; index < REDIS_DECISIONS; index++) {
      const permit = granted(await admit.timeAsync(() => limiter.admit(request)));
      await settle.timeAsync(async () => permit.settle(USED));
    }
    const roundTrips = calls / REDIS_DECISIONS / 2;
    const full = describeRequest(`full-${scopes}`, scopes, { requestsPerMinute: 1 });
    granted(await limiter.admit(full));
    const refuse = new Stopwatch(REDIS_DECISIONS);
    for (let index = 0; index < REDIS_DECISIONS; index++) await refuse.timeAsync(() => limiter.admit(full));
    const peek = new Stopwatch(REDIS_DECISIONS);
    for (let index = 0; index < REDIS_DECISIONS; index++) await peek.timeAsync(() => limiter.peek(request));
    rows.push([
      String(scopes),
      ...[admit, settle, refuse, peek].map(String),
      roundTrips.toFixed(3),
      await measureThroughput(limiter, scopes),
    ]);
  }
  limiter.close();
  await client.close();
  return rows;
}

async function measureThroughput(limiter: RedisLimiter, scopes: number): Promise<string> {
  const start = performance.now();
  const work = async (worker: number) => {
    const request = describeRequest(`worker-${scopes}-${worker}`, scopes);
    for (let index = 0; index < REDIS_DECISIONS / REDIS_WIDTH; index++)
      await granted(await limiter.admit(request)).settle(USED);
  };
  await Promise.all(Array.from({ length: REDIS_WIDTH }, (_, worker) => work(worker)));
  return ((REDIS_DECISIONS / (performance.now() - start)) * 1000).toFixed(0);
}

function describeRequest(account: string, scopes: number, limits: Limits = LIMITS): Admission {
  const ids = [account, `${account}/key`, `${account}/model`, `${account}/key/model`];
  return { account, scopes: ids.slice(0, scopes).map((id) => ({ id, limits })), tokens: RESERVED };
}

function granted<P extends Permit>(decision: P | Refusal): P {
  if (!decision.admitted) throw new Error(`Refused for ${decision.limit}; the benchmark should measure admissions.`);
  return decision;
}

/** Bytes of the heap after a collection. */
function readHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Times calls, in µs. All its memory is taken at the beginning, so that it does not show in what is measured. */
class Stopwatch {
  readonly #times: Float64Array;
  #count = 0;

  constructor(most: number) {
    this.#times = new Float64Array(most);
  }

  time<T>(call: () => T): T {
    const start = process.hrtime.bigint();
    const result = call();
    this.#take(start);
    return result;
  }

  async timeAsync<T>(call: () => Promise<T>): Promise<T> {
    const start = process.hrtime.bigint();
    const result = await call();
    this.#take(start);
    return result;
  }

  reset(): void {
    this.#count = 0;
  }

  toString(): string {
    const times = [...this.#times.subarray(0, this.#count)];
    return [0.5, 0.99, 0.999].map((share) => quantile(times, share).toFixed(2)).join(' / ');
  }

  #take(start: bigint): void {
    this.#times[this.#count++] = Number(process.hrtime.bigint() - start) / 1000;
  }
}

function print(title: string, rows: readonly string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  process.stdout.write(`${title}\n${lines.join('\n')}\n\n`);
}

await main();
