/** The server is killed under load, again and again: what a client saw complete is in the ledger, once. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { Operator } from '../support/operator.js';
import { PRICED_MODEL } from '../support/priced-model.js';
import { type SpawnedServer, spawnServer } from '../support/spawn-server.js';

const ROUNDS = 10;
const CLIENTS = 12;
/** Answers that are awaited before the server is killed; another number each round, so that it is killed elsewhere. */
const ANSWERS_MIN = 30;
const ANSWERS_STEP = 7;

const SETTINGS = {
  models: [PRICED_MODEL],
  default_tier: 'unlimited',
};
const USED = { prompt: 10, completion: 5, cached: 4 };
const COST = 16_400n;

/** Sends one request; the id of its answer if it is complete. */
async function ask({ url }: SpawnedServer, key: string, stream: boolean): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50, stream };
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    if (!stream) return (JSON.parse(text) as { id: string }).id;
    return text.endsWith('data: [DONE]\n\n') ? /"id":"([^"]+)"/.exec(text)?.[1] : undefined;
  } catch (error) {
    // The connection broke: the client has no complete answer.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Lets clients ask without a pause, kills the server after so many answers, and returns their ids. */
async function killUnderLoad(server: SpawnedServer, key: string, answersWanted: number): Promise<string[]> {
  const complete: string[] = [];
  let isKilled = false;
  const client = async (number: number) => {
    while (!isKilled) {
      const id = await ask(server, key, number % 2 === 0);
      if (id !== undefined) complete.push(id);
      if (complete.length < answersWanted || isKilled) continue;
      isKilled = true;
      await server.kill();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return complete;
}

async function startRound(context: TestContext) {
  const dataDir = await temporaryFolder(context);
  const first = await spawnServer({ dataDir, used: USED, settings: SETTINGS });
  const operator = await Operator.open(context, { dataDir });
  const [holder] = await operator.access.keys.listKeys();
  const accountId = holder?.account.id ?? '';
  await operator.fund(accountId, '1000');
  return { dataDir, first, operator, accountId, key: first.key ?? '' };
}

describe('kill -9 of the server under load', () => {
  test('ten times in a row loses no answer that a client saw complete, and no cent', async (context) => {
    const { dataDir, first, operator, accountId, key } = await startRound(context);
    const complete: string[] = [];
    let server = first;
    for (let round = 0; round < ROUNDS; round++) {
      complete.push(...(await killUnderLoad(server, key, ANSWERS_MIN + ANSWERS_STEP * round)));
      server = await spawnServer({ dataDir, used: USED, settings: SETTINGS });
    }
    context.after(() => server.kill());
    // The last start has released what the last crash left on hold.
    await operator.assertSettled();
    const usage = await operator.usage();
    const recorded = new Set(usage.map(({ requestId }) => requestId));
    assert.equal(recorded.size, usage.length);
    assert.deepEqual(
      complete.filter((id) => !recorded.has(id)),
      [],
    );
    const charges = (await operator.entriesOf(accountId)).filter(({ kind }) => kind === 'charge');
    assert.deepEqual(charges.map(({ reference }) => reference).sort(), [...recorded].sort(), 'each is charged once');
    const { granted, toppedUp } = await operator.balanceOf(accountId);
    const paid = usage.reduce((sum, { cost }) => sum + cost, 0n);
    assert.equal(granted + toppedUp, 1_000_000_000_000n - paid);
    assert.ok(usage.filter(({ cost }) => cost === COST).length >= complete.length);
    assert.ok(complete.length >= ANSWERS_MIN * ROUNDS);
  });
});
