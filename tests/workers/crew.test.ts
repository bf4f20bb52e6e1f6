/** Workers that die are followed by others: at once, later and later, and in the end not at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Crew, type Member } from '#server/workers/crew.js';
import type { Started } from '#server/workers/dialogue.js';
import { ManualTime, settleDown } from '../limits/support/manual-time.js';

/** A worker that lives and dies as a test wants. */
class PlayedWorker implements Member {
  readonly index: number;
  readonly processId = 1;
  hasSeat = true;
  isListening = false;
  readonly #start = Promise.withResolvers<Started>();
  readonly #end = Promise.withResolvers<string>();
  readonly started = this.#start.promise;
  readonly ended = this.#end.promise;
  readonly channel: Member['channel'] = {
    ask: async () => (this.answer === undefined ? this.#stop() : this.answer) as never,
  };
  answer: unknown;

  constructor(index: number) {
    this.index = index;
    this.started.catch(() => {});
  }

  listen(): void {
    this.isListening = true;
    this.#start.resolve({ url: `http://worker-${this.index}`, faults: { rules: [], allowsHeader: false } });
  }

  fail(reason: string): void {
    this.#start.reject(new Error(reason));
  }

  kill(): void {
    this.isListening = false;
    this.#end.resolve('SIGKILL');
  }

  #stop(): number {
    this.kill();
    return 3;
  }
}

const SILENT = { info() {}, warn() {}, error() {}, request() {}, flush() {} };

function open() {
  const time = new ManualTime();
  const forked: PlayedWorker[] = [];
  const released: number[] = [];
  const hopeless: string[] = [];
  const crew = new Crew<PlayedWorker>({
    ...{ size: 2, clock: time, timers: time, log: SILENT },
    fork(index) {
      const worker = new PlayedWorker(index);
      forked.push(worker);
      return worker;
    },
    release: async ({ index }) => void released.push(index),
    onHopeless: ({ message }) => hopeless.push(message),
  });
  return { time, forked, released, hopeless, crew };
}

async function openListening() {
  const opened = open();
  const started = opened.crew.start();
  for (const worker of opened.forked) worker.listen();
  assert.equal((await started).url, 'http://worker-0');
  return opened;
}

describe('a crew', () => {
  test('replaces a worker that died at once, and one that keeps dying later and later, until it gives up', async () => {
    const { time, forked, released, hopeless } = await openListening();
    for (const [deaths, pauseMs] of [0, 200, 400, 800, 1600].entries()) {
      forked.at(-1)?.kill();
      await settleDown();
      await time.pass(Math.max(0, pauseMs - 1));
      if (pauseMs > 0) assert.equal(forked.length, 2 + deaths);
      await time.pass(Math.min(1, pauseMs));
      assert.equal(forked.length, 3 + deaths);
    }
    assert.deepEqual(hopeless, []);
    forked.at(-1)?.kill();
    await settleDown();
    await time.pass(60_000);
    assert.equal(forked.length, 7);
    assert.match(hopeless[0] ?? '', /^Worker 1 has ended 6 times in a row .*SIGKILL/);
    assert.deepEqual(released, Array(6).fill(1), 'each time it was released');
  });

  test('takes a death after a long life for the first one', async () => {
    const { time, forked, hopeless } = await openListening();
    for (let deaths = 0; deaths < 20; deaths++) {
      await time.pass(10_000);
      forked.at(-1)?.kill();
      await settleDown();
      await time.pass(0);
      assert.equal(forked.length, 3 + deaths);
    }
    assert.deepEqual(hopeless, []);
  });

  test('of which one cannot start does not start at all', async () => {
    const { forked, crew } = open();
    const started = crew.start();
    forked[0]?.listen();
    forked[1]?.fail('Port 1 is taken.');
    await assert.rejects(started, /Port 1 is taken/);
    assert.ok(forked.every(({ isListening }) => !isListening));
  });

  test('asks all that listen, and leaves out who does not answer in time', async () => {
    const { time, forked, crew } = await openListening();
    forked[0]!.answer = 'well';
    forked[1]!.answer = new Promise(() => {});
    const asked = crew.ask(() => ['notReady']);
    await settleDown();
    await time.pass(5000);
    assert.deepEqual(
      (await asked).map((answer) => (answer.status === 'fulfilled' ? answer.value : 'late')),
      ['well', 'late'],
    );
  });

  test('that stops adds up what was cut, and replaces nobody', async () => {
    const { time, forked, crew } = await openListening();
    assert.equal(await crew.stop(1000), 6);
    await time.pass(60_000);
    assert.equal(forked.length, 2);
  });

  test('that does not stop in time is cut', async () => {
    const { time, forked, crew } = await openListening();
    for (const worker of forked) worker.answer = new Promise(() => {});
    const stopped = crew.stop(1000);
    await settleDown();
    await time.pass(11_000);
    for (const worker of forked) assert.equal(worker.isListening, false);
    void stopped;
  });
});
