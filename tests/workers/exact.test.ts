/** Limits, money and idempotency keys over two workers, between which clients are spread: exact, as in one process. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '../support/until.js';
import { ANSWER, type Answered, SpawnedWorkers } from './support/spawn-workers.js';

const CLIENTS = 40;
/** What a request uses, in tokens. */
const USED = 15;
/** 10 tokens of prompt at 1 and 5 of the answer at 2 millionths: in nano-units. */
const COST = 20_000n;

const SETTINGS = {
  tiers: {
    requests: { requests_per_minute: 25 },
    tokens: { tokens_per_minute: 1000 },
    places: { concurrent_requests: 7 },
    queue: { concurrent_requests: 2, queue: { max_wait_s: 30, max_length: CLIENTS } },
  },
  billing: { require_balance: true },
};

function countOf(answers: readonly Answered[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

/** An account of a tier, with money; its requests are sent with its key. */
async function openAccount(workers: SpawnedWorkers, tier: string, amount = '1.00') {
  const { account, key } = await workers.operator.issueKey({ accountName: `of ${tier} with ${amount}` });
  await workers.administer('PATCH', `/accounts/${account.id}`, { tier });
  await workers.operator.fund(account.id, amount);
  const balance = async () => (await workers.operator.balanceOf(account.id)).toppedUp;
  const chats = (count: number, body: object = {}) =>
    Promise.all(Array.from({ length: count }, () => workers.chat(body, { authorization: `Bearer ${key}` })));
  return { account, key, chats, balance };
}

describe('two workers', () => {
  test('are as exact as one process', async (context) => {
    const workers = await SpawnedWorkers.start(context, { settings: SETTINGS });
    await context.test('in the requests of a minute', () => limitsRequests(workers));
    await context.test('in the tokens of a minute', () => limitsTokens(workers));
    await context.test('in what runs at the same time', () => limitsPlaces(workers));
    await context.test('in who waits for whom', () => queues(workers));
    await context.test('in what an account can spend', () => holdsMoney(workers));
    await context.test('in running the request of a key once', () => runsOnce(workers));
    await context.test('in what the ledger adds up to', () => workers.operator.assertSettled());
    await context.test('in the lines of their log, of which none is torn', () => logsLines(workers));
  });
});

async function limitsRequests(workers: SpawnedWorkers): Promise<void> {
  const { chats } = await openAccount(workers, 'requests');
  const answers = await chats(CLIENTS);
  assert.deepEqual([countOf(answers, 200), countOf(answers, 429)], [25, CLIENTS - 25]);
  const remaining = answers
    .filter(({ status }) => status === 200)
    .map(({ headers }) => Number(headers['x-ratelimit-remaining-requests']));
  const each = Array.from({ length: 25 }, (_, left) => left);
  assert.deepEqual(
    remaining.toSorted((one, other) => one - other),
    each,
    'each of them took one of all',
  );
}

async function limitsTokens(workers: SpawnedWorkers): Promise<void> {
  const { chats } = await openAccount(workers, 'tokens');
  const gate = Promise.withResolvers<void>();
  const earlier = workers.chatsOfEngine;
  const refused: Answered[] = [];
  workers.upstream.answerChat(() => ({ ...ANSWER, before: [gate.promise] }));
  const asked = Array.from({ length: CLIENTS }, async () => {
    const [answer] = await chats(1, { max_tokens: 80 });
    if (answer?.status === 429) refused.push(answer);
    return answer!;
  });
  await until('all are decided', () => workers.chatsOfEngine - earlier + refused.length === CLIENTS);
  const admitted = workers.chatsOfEngine - earlier;
  const [, reserved] = /may take (\d+)/.exec(refused[0]?.json.error.message) ?? [];
  assert.equal(admitted, Math.floor(1000 / Number(reserved)), `each reserves ${reserved}`);
  workers.upstream.answerChat(ANSWER);
  gate.resolve();
  assert.equal(countOf(await Promise.all(asked), 200), admitted);
  const [last] = await chats(1, { max_tokens: 80 });
  const left = Number(last?.headers['x-ratelimit-remaining-tokens']);
  assert.equal(left, 1000 - USED * admitted - Number(reserved), 'what was not used has been given back');
}

async function limitsPlaces(workers: SpawnedWorkers): Promise<void> {
  const { chats } = await openAccount(workers, 'places');
  const gate = Promise.withResolvers<void>();
  const earlier = workers.chatsOfEngine;
  workers.upstream.answerChat(() => ({ ...ANSWER, before: [gate.promise] }));
  const running = Promise.all(Array.from({ length: 7 }, async () => (await chats(1))[0]!));
  await until('all places are taken', () => workers.chatsOfEngine === earlier + 7);
  assert.equal(countOf(await chats(10), 429), 10);
  workers.upstream.answerChat(ANSWER);
  gate.resolve();
  assert.equal(countOf(await running, 200), 7);
  for (let round = 0; round < 3; round++) assert.equal(countOf(await chats(7), 200), 7, 'all places are free');
}

async function queues(workers: SpawnedWorkers): Promise<void> {
  const { chats } = await openAccount(workers, 'queue');
  let running = 0;
  let most = 0;
  workers.upstream.answerChat(() => {
    running += 1;
    most = Math.max(most, running);
    const end = turn().then(() => {
      running -= 1;
    });
    return { ...ANSWER, before: [end] };
  });
  const answers = await chats(20);
  workers.upstream.answerChat(ANSWER);
  assert.equal(countOf(answers, 200), 20);
  assert.ok(most <= 2, `${most} ran at the same time`);
}

async function holdsMoney(workers: SpawnedWorkers): Promise<void> {
  const { chats, balance } = await openAccount(workers, 'unlimited', '0.0002');
  const answers = await chats(CLIENTS);
  const paid = countOf(answers, 200);
  assert.equal(countOf(answers, 402), CLIENTS - paid);
  const left = 200_000n - BigInt(paid) * COST;
  assert.ok(left >= 0n, `${paid} were paid`);
  await until('what was set aside is put back', async () => (await balance()) === left);
  const checked = await workers.administer('GET', '/ledger/check');
  assert.equal(checked.status, 200);
}

async function runsOnce(workers: SpawnedWorkers): Promise<void> {
  const { key, balance } = await openAccount(workers, 'unlimited', '2.00');
  const gate = Promise.withResolvers<void>();
  const earlier = workers.chatsOfEngine;
  workers.upstream.answerChat(() => ({ ...ANSWER, before: [gate.promise] }));
  const headers = { authorization: `Bearer ${key}`, 'idempotency-key': 'the-key' };
  const asked = Promise.all(Array.from({ length: 6 }, () => workers.chat({}, headers)));
  await until('one of them runs', () => workers.chatsOfEngine > earlier);
  gate.resolve();
  const answers = await asked;
  assert.equal(countOf(answers, 200), 6);
  assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
  assert.equal(answers.filter((answer) => answer.headers['idempotent-replayed'] === 'true').length, 5);
  assert.equal(workers.chatsOfEngine, earlier + 1);
  await until('what was set aside is put back', async () => (await balance()) === 2_000_000_000n - COST);
}

async function logsLines(workers: SpawnedWorkers): Promise<void> {
  workers.child.kill('SIGTERM');
  assert.equal(await workers.ended, 0);
  const lines = workers.log.split('\n').filter((line) => line !== '' && !line.startsWith('plumb: '));
  const requests = lines.map((line) => JSON.parse(line)).filter(({ path }) => path === '/v1/chat/completions');
  assert.ok(requests.length > 4 * CLIENTS, `${requests.length} lines`);
  assert.equal(new Set(requests.map(({ trace }) => trace)).size, requests.length);
}
