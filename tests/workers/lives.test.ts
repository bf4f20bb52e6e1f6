/** Workers that come and go: killed, told to stop, left alone by their primary. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { SAME_KEY_PRESS_MS } from '#server/cli/serve.js';
import { until } from '../support/until.js';
import { ANSWER, isRunning, SpawnedWorkers, spawnCommand, untilGone } from './support/spawn-workers.js';

/** An engine that answers nothing until the test lets it. */
function gated() {
  const gate = Promise.withResolvers<void>();
  return { answer: () => ({ ...ANSWER, before: [gate.promise] }), open: () => gate.resolve() };
}

const PLACES = 8;
const SETTINGS = { tiers: { tested: { concurrent_requests: PLACES } }, default_tier: 'tested' };

/**
 * Presses Ctrl-C, and once more when that is no longer the same key press: not oftener, for a process that has come to its
 * end takes a signal as it pleases.
 */
async function pressTwice(server: SpawnedWorkers): Promise<void> {
  server.child.kill('SIGINT');
  await until('it drains', () => server.log.includes('plumb: stopping'));
  await wait(SAME_KEY_PRESS_MS + 100);
  server.child.kill('SIGINT');
}

describe('a worker that is killed', () => {
  test('gives its places and its money back at once, while the other one serves on and another one comes', async (context) => {
    const { answer, open } = gated();
    const workers = await SpawnedWorkers.start(context, { answer, settings: SETTINGS });
    const [killed = 0] = await workers.processIds(2);
    const asked = Promise.allSettled(Array.from({ length: PLACES }, () => workers.chat()));
    await until('the engine has all of them', () => workers.chatsOfEngine === PLACES);
    assert.equal((await workers.chat()).status, 429, 'all places are taken');
    process.kill(killed, 'SIGKILL');
    await workers.processIds(3);
    open();
    const answered = (await asked).filter(({ status }) => status === 'fulfilled').length;
    assert.ok(answered > 0 && answered < PLACES, 'both of them had some');
    const answers = await workers.chats(PLACES);
    assert.ok(
      answers.every(({ status }) => status === 200),
      'all places are free',
    );
    await workers.operator.assertSettled();
    assert.equal((await workers.operator.usage()).length, answered + PLACES, 'what broke is not charged');
  });

  test('is followed by one that listens on the same port, also when all were killed', async (context) => {
    const workers = await SpawnedWorkers.start(context);
    for (const processId of await workers.processIds(2)) process.kill(processId, 'SIGKILL');
    // After the second death there is a pause, in which there is no worker at all.
    for (const processId of (await workers.processIds(4)).slice(2)) process.kill(processId, 'SIGKILL');
    const processIds = await workers.processIds(6);
    const answers = await workers.chats(4);
    assert.ok(answers.every(({ status }) => status === 200));
    // Their primary takes them along when it is killed itself.
    workers.child.kill('SIGKILL');
    await untilGone(processIds);
  });
});

describe('a primary', () => {
  test('that is told to stop lets running requests of all workers finish, and ends with 0', async (context) => {
    const { answer, open } = gated();
    const workers = await SpawnedWorkers.start(context, { answer });
    const processIds = await workers.processIds(2);
    const asked = workers.chats(6);
    await until('the engine has all of them', () => workers.chatsOfEngine === 6);
    // A service manager tells all processes.
    for (const processId of [...processIds, workers.child.pid ?? 0]) process.kill(processId, 'SIGTERM');
    const isRefused = () =>
      workers.get('/v1/models').then(
        () => false,
        () => true,
      );
    await until('nothing new is taken', isRefused);
    assert.ok(processIds.every(isRunning));
    open();
    assert.ok((await asked).every(({ status }) => status === 200));
    assert.equal(await workers.ended, 0);
    await untilGone(processIds);
    await workers.operator.assertSettled();
  });

  test('cuts running requests of a single process at a second signal as well', async (context) => {
    const server = await SpawnedWorkers.start(context, { answer: gated().answer, workers: 1 });
    const asked = Promise.allSettled([server.chat(), server.chat()]);
    await until('the engine has both', () => server.chatsOfEngine === 2);
    await pressTwice(server);
    assert.equal(await server.ended, 130);
    await asked;
    await server.operator.assertSettled();
  });

  test('cuts running requests at a second signal, and gives back what they held', async (context) => {
    const workers = await SpawnedWorkers.start(context, { answer: gated().answer });
    const processIds = await workers.processIds(2);
    const asked = Promise.allSettled([workers.chat(), workers.chat()]);
    await until('the engine has both', () => workers.chatsOfEngine === 2);
    await pressTwice(workers);
    assert.equal(await workers.ended, 130);
    await asked;
    await untilGone(processIds);
    await workers.operator.assertSettled();
  });

  test('whose workers cannot listen says why, and ends', async (context) => {
    const workers = await SpawnedWorkers.start(context);
    const { port } = new URL(workers.url);
    const args = ['serve', '--workers', '2', '--config', workers.configPath, '--data-dir', `${workers.dataDir}/second`];
    const second = spawnCommand([...args, '--port', port]);
    context.after(() => second.child.kill('SIGKILL'));
    assert.equal(await second.ended, 1);
    assert.match(second.log(), new RegExp(`plumb: Port ${port} is taken`));
  });
});
