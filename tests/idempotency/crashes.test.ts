/** The server is killed: what a client saw complete is replayed, what ran is run again, and each is charged once. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { Operator } from '../support/operator.js';
import { contentEvent } from '../support/played-engine.js';
import { postgresIsMissing, startPostgres } from '../support/postgres-server.js';
import { PRICED_MODEL } from '../support/priced-model.js';
import { ScriptedUpstream, type Step, streamOf } from '../support/scripted-upstream.js';
import { type SpawnedServer, spawnServer } from '../support/spawn-server.js';
import { until } from '../support/until.js';
import { CHAT, type Received, receive, USED } from './support/keyed.js';

const SECRET = 'f'.repeat(64);
const CHUNK = contentEvent('Hi');
const LAST = contentEvent('', 'stop');
const DONE = 'data: [DONE]\n\n';

/** Clients that send so many requests each, one after the other, while the server is killed so often. */
const CLIENTS = 8;
const REQUESTS = 30;
const KILLS = 8;

/** Whether an answer of status 200 came to its good end. */
function isComplete({ text }: Received): boolean {
  return text.endsWith(DONE) || 'choices' in (JSON.parse(text) as object);
}

/** Servers whose model is answered by an engine that the test plays, in one database. */
async function open(context: TestContext, url?: string) {
  const dataDir = await temporaryFolder(context);
  const upstream = await ScriptedUpstream.start();
  context.after(() => upstream.close());
  const settings = {
    models: [{ ...PRICED_MODEL, pool: 'far' }],
    pools: { far: { engines: { one: { kind: 'openai', url: upstream.url, context_tokens: 1024 } } } },
    default_tier: 'unlimited',
    ...(url === undefined ? {} : { database: { url, connections: 5 } }),
  };
  const startServer = async () => {
    const server = await spawnServer({ dataDir, used: USED, settings, secret: SECRET });
    context.after(() => server.kill());
    return server;
  };
  const first = await startServer();
  const database = url === undefined ? {} : { database: { url, connections: 5 } };
  const operator = await Operator.open(context, { dataDir, secret: SECRET, ...database });
  const { key, account } = await operator.issueKey({ accountName: 'payer' });
  await operator.fund(account.id, '1');
  const ask = async (server: SpawnedServer, idempotencyKey: string, body: object = CHAT): Promise<Received> =>
    receive(
      await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey,
        },
        body: JSON.stringify(body),
      }),
    );
  /** The chats that the engine was asked for, without the questions after its health. */
  const chats = () => upstream.requests.filter(({ method }) => method === 'POST').length;
  const charges = async () => (await operator.entriesOf(account.id)).filter(({ kind }) => kind === 'charge').length;
  return { first, startServer, operator, upstream, ask, chats, charges };
}

/** An answer that waits in its middle. */
function held(...gate: Step[]) {
  return streamOf(CHUNK, ...gate, LAST, DONE);
}

describe('kill -9 of the server', () => {
  for (const stream of [false, true]) {
    const body = { ...CHAT, stream };
    test(`while a request runs has it run again after the restart, for one charge, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { first, startServer, operator, upstream, ask, chats, charges } = await open(context);
      upstream.answerChat((_request, number) => (number === 0 ? held('hang!') : held()));
      const cut = ask(first, 'one', body).then(
        ({ text }) => text,
        () => '',
      );
      await until('it runs', () => chats() === 1);
      await first.kill();
      assert.ok(!(await cut).includes('[DONE]'));
      const second = await startServer();
      const again = await ask(second, 'one', body);
      assert.deepEqual([again.status, again.isReplayed, chats()], [200, false, 2]);
      assert.deepEqual([(await ask(second, 'one', body)).isReplayed, chats()], [true, 2]);
      assert.equal(await charges(), 1);
      await operator.assertSettled();
    });

    test(`just after an answer was complete loses nothing of it, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { first, startServer, operator, upstream, ask, chats, charges } = await open(context);
      upstream.answerChat(held());
      let server = first;
      for (let round = 0; round < 5; round++) {
        const complete = await ask(server, `key ${round}`, body);
        await server.kill();
        assert.equal(complete.status, 200, complete.text);
        server = await startServer();
        const again = await ask(server, `key ${round}`, body);
        assert.deepEqual([again.text, again.isReplayed], [complete.text, true]);
      }
      assert.deepEqual([chats(), await charges()], [5, 5]);
      await operator.assertSettled();
    });
  }

  test('under load, again and again, has clients that try again pay once for each request', async (context) => {
    const { first, startServer, operator, upstream, ask, charges } = await open(context);
    upstream.answerChat(held());
    let server = first;
    let left = CLIENTS * REQUESTS;
    const bodyOf = (client: number) => ({ ...CHAT, stream: client % 2 === 0 });
    /** Sends one request until it is answered. */
    const insist = async (client: number, request: number) => {
      for (;;) {
        const received = await ask(server, `${client} ${request}`, bodyOf(client)).catch(() => undefined);
        if (received?.status === 200 && isComplete(received)) break;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      left -= 1;
    };
    const clients = Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        for (let request = 0; request < REQUESTS; request++) await insist(client, request);
      }),
    );
    for (let kill = 1; kill <= KILLS; kill++) {
      await until('some more are answered', () => left <= CLIENTS * REQUESTS * (1 - kill / (KILLS + 1)));
      await server.kill();
      server = await startServer();
    }
    await clients;
    assert.equal(await charges(), CLIENTS * REQUESTS);
    const again = await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) => ask(server, `${client} 0`, bodyOf(client))),
    );
    assert.ok(again.every(({ isReplayed }) => isReplayed));
    await operator.assertSettled();
  });
});

describe('two servers on one PostgreSQL', { skip: postgresIsMissing }, () => {
  async function openTwo(context: TestContext) {
    const postgres = await startPostgres();
    context.after(() => postgres.stop());
    const opened = await open(context, await postgres.createDatabase());
    return { ...opened, second: await opened.startServer() };
  }

  test('generate and charge a request once, whichever of them it comes to', async (context) => {
    const { first, second, operator, upstream, ask, chats, charges } = await openTwo(context);
    const gate = Promise.withResolvers<void>();
    upstream.answerChat(held(gate.promise));
    const asked = Promise.all(Array.from({ length: 50 }, (_, index) => ask(index % 2 === 0 ? first : second, 'one')));
    await until('one of them runs', () => chats() > 0);
    await assert.rejects(
      ask(second, 'one', { ...CHAT, max_tokens: 1 }).then(({ status }) => {
        if (status === 409) throw new Error('409');
      }),
      /409/,
    );
    gate.resolve();
    const received = await asked;
    assert.deepEqual([...new Set(received.map(({ status }) => status))], [200]);
    assert.equal(new Set(received.map(({ text }) => text)).size, 1);
    assert.equal(received.filter(({ isReplayed }) => !isReplayed).length, 1);
    assert.deepEqual([chats(), await charges()], [1, 1]);
    await operator.assertSettled();
  });

  test('take over from one that was killed, also for who waits on the other one', async (context) => {
    const { first, second, startServer, operator, upstream, ask, chats, charges } = await openTwo(context);
    upstream.answerChat((_request, number) => (number === 0 ? held('hang!') : held()));
    const cut = ask(first, 'one').catch(() => undefined);
    await until('it runs', () => chats() === 1);
    const waiting = ask(second, 'one');
    await first.kill();
    await cut;
    // A server that starts releases what those that are gone have claimed, as every server does in its time.
    await startServer();
    const received = await waiting;
    assert.deepEqual([received.status, received.isReplayed, chats()], [200, false, 2]);
    assert.equal(await charges(), 1);
    await operator.assertSettled();
  });

  test('free the key of a failure for each other', async (context) => {
    const { first, second, upstream, ask, chats, charges } = await openTwo(context);
    const broken = {
      status: 400,
      headers: { 'content-type': 'application/json' },
      steps: ['{"error":{"message":"no"}}'],
    };
    upstream.answerChat((_request, number) => (number === 0 ? broken : held()));
    assert.equal((await ask(first, 'one')).status, 400);
    assert.equal((await ask(second, 'one')).status, 200);
    assert.equal((await ask(first, 'one')).isReplayed, true);
    assert.deepEqual([chats(), await charges()], [2, 1]);
  });
});
