/** How many workers there are, what they cannot share, and what each of them has of what they can. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withRecording } from '#server/cli/with-recording.js';
import { findCrowded, shareConfig } from '#server/workers/share-config.js';
import { load, problemsOf } from '../config/support/load.js';

const POOL = `
pools:
  gpus:
    queue: { max_length: 7 }
    engines:
      a: { kind: vllm, url: "http://a:8000/v1", concurrent_requests: 5 }
      b: { kind: vllm, url: "http://b:8000/v1" }
models:
  - { id: m, pool: gpus }
`;

describe('the setting `workers`', () => {
  test('is a number, or as many as there are cores', async (context) => {
    const workersOf = async (given: Parameters<typeof load>[1]) => (await load(context, given)).config.workers;
    assert.equal(await workersOf({}), 1);
    assert.equal(await workersOf({ file: `workers: 3\n${POOL}` }), 3);
    assert.equal(await workersOf({ file: `workers: auto\n${POOL}`, cores: 6 }), 6);
    assert.equal(await workersOf({ file: `workers: 3\n${POOL}`, flags: { workers: '2' } }), 2);
    assert.equal(await workersOf({ file: POOL, flags: { workers: 'auto' }, cores: 4 }), 4);
    assert.equal(await workersOf({ file: POOL, environment: { PLUMB_WORKERS: '5' } }), 5);
    assert.equal(await workersOf({ file: 'workers: auto', cores: 1 }), 1, 'which one process can do');
  });

  test('takes nothing else', async (context) => {
    assert.deepEqual(await problemsOf(context, { file: 'workers: 0' }), [
      '`workers` must be an integer from 1 to 256 or `auto`, not 0, at plumb.yaml:1:10',
    ]);
    assert.deepEqual(await problemsOf(context, { flags: { workers: 'many' } }), [
      '--workers must be an integer from 1 to 256 or `auto`, not "many"',
    ]);
  });

  test('cannot go with what lives in one process', async (context) => {
    const file = (engine: string) =>
      `workers: 2\nmodels: [{ id: m, pool: p }]\npools: { p: { engines: { e: ${engine} } } }`;
    const remedy = 'which lives in one process: set `workers` (or --workers) to 1, or use engines elsewhere';
    const cases = {
      '{ kind: simulated }': '`pools.p.engines.e` is the simulated engine',
      '{ kind: embedded }': '`pools.p.engines.e` is the embedded engine',
      '{ kind: openai, url: "http://a/v1", record: tape.ndjson }': '`pools.p.engines.e` is recorded into a cassette',
      '{ kind: openai, replay: tape.ndjson }': '`pools.p.engines.e` is replayed from a cassette',
    };
    for (const [engine, what] of Object.entries(cases)) {
      assert.deepEqual(await problemsOf(context, { file: file(engine) }), [`\`workers\` is 2, but ${what}, ${remedy}`]);
    }
    const [ofModel] = await problemsOf(context, { flags: { workers: '2' } });
    assert.equal(
      ofModel,
      `\`workers\` is 2, but the model \`deepseek-chat\` is answered by the embedded engine, ${remedy}`,
    );
    const [simulated] = await problemsOf(context, { file: POOL, flags: { workers: '2', simulate: true } });
    assert.match(simulated ?? '', /is answered by the simulated engine, which lives in one process/);
  });

  test('cannot go with --record', async (context) => {
    const { config } = await load(context, { file: `workers: 2\n${POOL}` });
    assert.throws(
      () => withRecording(config, { record: 'tape.ndjson' }),
      /--record .* start with --workers 1 instead of 2/,
    );
  });
});

describe('what a configuration allows', () => {
  test('is shared out, and comes out even: the first workers take what is left over', async (context) => {
    const { config } = await load(context, { file: `workers: 2\n${POOL}` });
    const [first, second] = [0, 1].map((index) => shareConfig(config, { index, of: 2 }));
    const placesOf = (part = config) =>
      Object.values(part.pools.gpus!.engines).map((engine) => engine.concurrent_requests);
    assert.deepEqual(
      [placesOf(first), placesOf(second)],
      [
        [3, 128],
        [2, 128],
      ],
    );
    assert.deepEqual([first?.pools.gpus?.queue?.max_length, second?.pools.gpus?.queue?.max_length], [4, 3]);
    assert.deepEqual([first?.database.connections, second?.database.connections], [5, 5]);
    assert.equal(first?.shared_limits.servers, 2);
  });

  test('is at least one of everything, which is said where it is more than there should be', async (context) => {
    const { config } = await load(context, { file: `workers: 8\n${POOL}` });
    const parts = Array.from({ length: 8 }, (_, index) => shareConfig(config, { index, of: 8 }));
    const places = parts.map(({ pools }) => pools.gpus?.engines.a?.concurrent_requests);
    assert.deepEqual(places, Array(8).fill(1));
    assert.ok(parts.every(({ database }) => database.connections === 2));
    assert.deepEqual(findCrowded(config), [{ pool: 'gpus', engine: 'a', places: 5 }]);
    assert.deepEqual(findCrowded({ ...config, workers: 5 }), []);
  });

  test('lets nothing wait where nothing may wait', async (context) => {
    const { config } = await load(context, { file: POOL.replace('max_length: 7', 'max_length: 0') });
    assert.equal(shareConfig(config, { index: 0, of: 2 }).pools.gpus?.queue?.max_length, 0);
  });
});
