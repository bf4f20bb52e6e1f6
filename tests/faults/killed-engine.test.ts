/** One of two engines is killed under load: no request fails that had not begun to stream. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { startPlumb } from '../support/plumb.js';
import { type SpawnedServer, spawnServer } from '../support/spawn-server.js';

const CLIENTS = 24;
const REQUESTS_PER_CLIENT = 30;
/** After so many answers an engine is killed: well before the end, when both have work. */
const KILL_AFTER = 150;

const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 };

/** Two other Plumbs, each with its own process, as the engines of a pool. */
async function start(context: TestContext) {
  const engines: SpawnedServer[] = [];
  for (let index = 0; index < 2; index++) {
    const settings = { default_tier: 'unlimited' };
    engines.push(await spawnServer({ dataDir: await temporaryFolder(context), settings }));
  }
  context.after(() => Promise.all(engines.map((engine) => engine.kill())));
  const members = engines.map(({ url, key }, index) => [
    `engine-${index}`,
    { kind: 'plumb', url: `${url}/v1`, api_key: key },
  ]);
  const settings = {
    models: [{ id: 'deepseek-chat', aliases: [], pool: 'far', thinking: 'disabled', owned_by: 'test' }],
    // Every request that the killed engine had is tried again, however many these are at that moment.
    pools: { far: { engines: Object.fromEntries(members), retry_budget_percent: 100 } },
    default_tier: 'unlimited',
  };
  const plumb = await startPlumb({ settings, start: { model: {} } });
  context.after(() => plumb.stop());
  return { plumb, engines };
}

describe('an engine that is killed under load', () => {
  test('fails no request that had not begun to stream', async (context) => {
    const { plumb, engines } = await start(context);
    let answers = 0;
    const failures: string[] = [];
    const client = async (number: number) => {
      for (let request = 0; request < REQUESTS_PER_CLIENT; request++) {
        const stream = (number + request) % 2 === 0;
        const response = await plumb.chat({ ...CHAT, stream });
        const text = await response.text();
        const isCut = stream && response.status === 200 && !text.endsWith('data: [DONE]\n\n');
        if (response.status !== 200) failures.push(text);
        else if (!isCut) answers += 1;
        if (answers === KILL_AFTER) await engines[0]!.kill();
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    assert.deepEqual(failures, []);
    assert.ok(answers > (CLIENTS * REQUESTS_PER_CLIENT * 9) / 10, `${answers} were answered`);
    const used = plumb.server.platform.pools.states()[0]?.engines.map(({ requests }) => requests) ?? [];
    assert.ok(
      used.every((requests) => requests > KILL_AFTER / 4),
      `both had work: ${used.join(', ')}`,
    );
  });
});
