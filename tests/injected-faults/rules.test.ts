/** Which requests a rule hits: by chance that repeats itself, by schedule, by count, and by what a request is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultRuleSettings } from '#server/faults/fault-settings.js';
import { type FaultSummary, Faults } from '#server/faults/faults.js';
import type { RequestFacts } from '#server/faults/rule.js';
import { ManualTime } from '../limits/support/manual-time.js';

const REQUEST: RequestFacts = {
  account: { id: 'acct_1', name: 'search-team' },
  key: { id: 'key_1', name: 'ci' },
  model: 'deepseek-chat',
  userId: 'u-1',
  isStreamed: false,
  path: '/chat/completions',
};
const OUTAGE = { fault: 'status', status: 503 } as const;
const MODELS = [{ id: 'deepseek-chat', aliases: [] }];

function open(rules: Record<string, FaultRuleSettings> = {}, allowsHeader = false) {
  const time = new ManualTime();
  const told: FaultSummary[] = [];
  const faults = new Faults({ clock: time, timers: time, onActive: (summary) => told.push(summary) });
  const configure = (changed: Record<string, FaultRuleSettings>) =>
    faults.configure({ faults: { allow_header: allowsHeader, rules: changed }, models: MODELS });
  configure(rules);
  const draw = (request: Partial<RequestFacts> = {}, headers = {}) =>
    faults.draw(headers, () => ({ ...REQUEST, ...request }))?.rule;
  return { time, faults, told, configure, draw, draws: (count: number) => Array.from({ length: count }, () => draw()) };
}

const isHit = (drawn: string | undefined) => drawn !== undefined;

describe('without rules', () => {
  test('nobody asks what a request is', () => {
    const { faults, told } = open();
    assert.equal(
      faults.draw({ 'x-plumb-fault': 'cut' }, () => assert.fail('it was asked')),
      undefined,
    );
    assert.deepEqual(told, []);
  });
});

describe('chance', () => {
  const rule = { ...OUTAGE, probability: 0.3, seed: 7 };

  test('repeats itself with the same seed, and is another one with another seed or name', () => {
    const first = open({ flaky: rule }).draws(200).map(isHit);
    assert.deepEqual(open({ flaky: rule }).draws(200).map(isHit), first);
    assert.notDeepEqual(
      open({ flaky: { ...rule, seed: 8 } })
        .draws(200)
        .map(isHit),
      first,
    );
    assert.notDeepEqual(open({ other: rule }).draws(200).map(isHit), first);
  });

  test('hits as often as it says', () => {
    for (const probability of [0, 0.01, 0.3, 0.5, 0.99, 1]) {
      const hits = open({ flaky: { ...rule, probability } })
        .draws(20_000)
        .filter(isHit).length;
      const spread = 4 * Math.sqrt(20_000 * probability * (1 - probability));
      assert.ok(Math.abs(hits - 20_000 * probability) <= spread, `${hits} of 20000 for ${probability}`);
    }
  });

  test('of the n-th request that a rule is about does not depend on others, nor on other rules', () => {
    const alone = open({ flaky: rule }).draws(100).map(isHit);
    const { draw } = open({ first: { ...OUTAGE, every: 3 }, flaky: { ...rule, model: 'deepseek-chat' } });
    const beside = Array.from({ length: 100 }, () => {
      draw({ model: 'deepseek-reasoner' });
      return draw();
    });
    for (const [index, drawn] of beside.entries()) if (drawn !== 'first') assert.equal(isHit(drawn), alone[index]);
  });
});

describe('a schedule', () => {
  test('counts from when the rule began, and ends', () => {
    const { time, draw } = open({ outage: { ...OUTAGE, from_s: 30, to_s: 60 } });
    const start = time.reading;
    const at = (seconds: number) => {
      time.reading = start + seconds * 1000;
      return isHit(draw());
    };
    assert.deepEqual([0, 29.999, 30, 59.999, 60, 1000].map(at), [false, false, true, true, false, false]);
  });

  test('of a rule that is added later counts from then', () => {
    const { time, faults, draw } = open();
    time.reading += 3600_000;
    faults.add('outage', { ...OUTAGE, from_s: 30 });
    assert.equal(isHit(draw()), false);
    time.reading += 30_000;
    assert.equal(isHit(draw()), true);
  });

  test('repeats', () => {
    const { time, draw } = open({ outage: { ...OUTAGE, from_s: 10, to_s: 20, repeat_s: 60 } });
    const hit = Array.from({ length: 180 }, (_, second) => {
      const drawn = isHit(draw());
      time.reading += 1000;
      return drawn ? second : -1;
    }).filter((second) => second >= 0);
    const tens = (from: number) => Array.from({ length: 10 }, (_, index) => from + index);
    assert.deepEqual(hit, [...tens(10), ...tens(70), ...tens(130)]);
  });

  test('lets only what falls into it count', () => {
    const { time, draw, faults } = open({ outage: { ...OUTAGE, from_s: 10, first: 2 } });
    for (let request = 0; request < 5; request++) assert.equal(isHit(draw()), false);
    time.reading += 10_000;
    assert.deepEqual([draw(), draw(), draw()].map(isHit), [true, true, false]);
    assert.deepEqual([faults.list()[0]?.matched, faults.list()[0]?.injected], [3, 2]);
  });

  test('is not confused by a clock that is set back', () => {
    const { time, draw } = open({ outage: { ...OUTAGE, from_s: 10 }, begin: { ...OUTAGE, to_s: 10 } });
    time.reading -= 60_000;
    assert.equal(draw(), 'begin');
  });
});

describe('a count', () => {
  test('is of the first so many', () => {
    assert.deepEqual(
      open({ rule: { ...OUTAGE, first: 2 } })
        .draws(4)
        .map(isHit),
      [true, true, false, false],
    );
  });

  test('is of every so-manieth', () => {
    const hit = open({ rule: { ...OUTAGE, every: 3, first: 7 } })
      .draws(9)
      .map(isHit);
    assert.deepEqual(hit, [false, false, true, false, false, true, false, false, false]);
  });
});

describe('a selection', () => {
  const other: [keyof FaultRuleSettings, string | boolean, Partial<RequestFacts>, Partial<RequestFacts>][] = [
    ['account', 'acct_1', {}, { account: { id: 'acct_2', name: 'x' } }],
    ['account', 'search-team', {}, { account: { id: 'acct_1', name: 'x' } }],
    ['key', 'key_1', {}, { key: { id: 'key_2', name: 'x' } }],
    ['key', 'ci', {}, { key: { id: 'key_1', name: 'x' } }],
    ['model', 'deepseek-chat', {}, { model: 'deepseek-reasoner' }],
    ['user_id', 'u-1', {}, { userId: undefined }],
    ['stream', false, {}, { isStreamed: true }],
    ['stream', true, { isStreamed: true }, {}],
    ['path', '/completions', { path: '/completions' }, {}],
  ];
  for (const [name, value, own, foreign] of other) {
    test(`by ${name} ${value} leaves others alone`, () => {
      const { draw } = open({ rule: { ...OUTAGE, [name]: value } });
      assert.deepEqual([isHit(draw(own)), isHit(draw(foreign))], [true, false]);
    });
  }

  test('leaves answers alone that cannot have the fault, and does not count them', () => {
    const { draw, faults } = open({
      done: { fault: 'missing_done' },
      half: { fault: 'truncated_json' },
      clean: { fault: 'cut', how: 'end' },
      text: { fault: 'empty_content' },
    });
    assert.equal(draw({ isStreamed: true }), 'done');
    assert.equal(draw(), 'half');
    assert.equal(draw({ path: '/embeddings' }), 'half');
    assert.deepEqual(
      faults.list().map(({ matched }) => matched),
      [1, 2, 1, 2],
    );
  });

  test('takes the first rule that hits', () => {
    const { draws } = open({ second: { ...OUTAGE, every: 2 }, all: OUTAGE });
    assert.deepEqual(draws(4), ['all', 'second', 'all', 'second']);
  });
});

describe('another configuration', () => {
  const counted = { ...OUTAGE, first: 1 };

  test('lets a rule that stays as it is go on, and begins one that is another', () => {
    const { draw, configure } = open({ stays: counted });
    draw();
    configure({ stays: { ...counted } });
    assert.equal(draw(), undefined);
    configure({ stays: { ...counted, status: 500 } });
    assert.equal(draw(), 'stays');
  });

  test('leaves what operators have added, unless it has a rule of that name', () => {
    const { faults, configure, draw } = open();
    faults.add('one', OUTAGE);
    faults.add('two', OUTAGE);
    configure({ two: { fault: 'cut' } });
    assert.deepEqual(
      faults.list().map(({ name, origin }) => [name, origin]),
      [
        ['two', 'configuration'],
        ['one', 'admin'],
      ],
    );
    assert.equal(draw(), 'two');
  });

  test('brings back what was removed of it', () => {
    const rules = { one: OUTAGE };
    const { faults, configure, draw } = open(rules);
    faults.clear();
    assert.equal(draw(), undefined);
    configure(rules);
    assert.equal(draw(), 'one');
  });
});

test('says what is active, as often as that changes', () => {
  const { faults, told } = open({ outage: OUTAGE }, true);
  faults.add('cuts', { fault: 'cut' });
  assert.deepEqual(told, [
    { rules: ['outage (status 503)'], allowsHeader: true },
    { rules: ['outage (status 503)', 'cuts (cut)'], allowsHeader: true },
  ]);
});
