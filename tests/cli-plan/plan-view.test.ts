/** Specifies how a plan is shown, on wide and narrow screens, and how its flags are read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constant, fromQuantiles, linear, plan } from '@plumb/client/plan';
import { readQuantiles, readTarget } from '#server/cli/client/plan/flags.js';
import { renderCourse } from '#server/cli/client/plan/picture.js';
import { renderPlan } from '#server/cli/client/plan/plan-text.js';
import { requestsFromFlags } from '#server/cli/client/plan/requests.js';
import { screenOf } from '#server/cli/client/plan/screen.js';

const prompt = fromQuantiles(300, 900);
const answer = fromQuantiles(150, 400);
const latency = linear(answer, 1000, 20);
const PLAN = plan({
  requests: 10_000,
  tokens: { prompt, answer, answerMax: constant(800) },
  latency,
  limits: { requestsPerMinute: 500, tokensPerMinute: 1_000_000, concurrency: 50 },
  concurrency: 30,
  target: { perSecond: 20 },
  tiers: [{ name: 'free', limits: { requestsPerMinute: 10 } }],
});
const ORIGINS = {
  input: 'in.jsonl',
  requests: requestsFromFlags(10_000, prompt, 'deepseek-chat'),
  answers: { tokens: answer, latency, cachedShare: undefined, tokensOrigin: 'as given', latencyOrigin: 'assumed' },
  limits: 'tier standard',
};
const PLAIN = { bold: (text: string) => text, yellow: (text: string) => text };

test('no line is wider than the screen, and every limit is there', () => {
  for (const hasBlocks of [true, false]) {
    for (let columns = 40; columns <= 100; columns += 1) {
      const text = renderPlan(PLAN, ORIGINS, { columns, hasBlocks }, PLAIN);
      for (const line of text.split('\n')) assert.ok([...line].length <= columns, `${columns}: ${line}`);
      for (const name of ['requests', 'tokens', 'at once', 'yours'])
        assert.match(text, new RegExp(`^${name} .*%`, 'm'));
    }
  }
});

test('bars are kept on a narrow screen, and the limit that binds is marked', () => {
  for (const columns of [50, 80]) {
    const text = renderPlan(PLAN, ORIGINS, { columns, hasBlocks: false }, PLAIN);
    assert.match(
      text,
      columns === 50 ? /^yours +\[=+\] +\d+% of 30 .* <$/m : /^yours +\[=+ *\] +\d+% of 30 .* < binds$/m,
    );
  }
});

test('what is done grows from nothing to everything', () => {
  const course = Array.from({ length: 101 }, (_, index) => ({ atMs: index * 1000, done: index / 100 }));
  assert.equal(
    renderCourse(course, { columns: 15, hasBlocks: true }),
    [
      ' 100% │      ▁█',
      '      │     ▂██',
      '      │    ▃███',
      '  50% │   ▄████',
      '      │  ▅█████',
      '      │ ▆██████',
      '      │▇███████',
      '   0% └────────',
      '       0   1:40',
    ].join('\n'),
  );
});

test('blocks are for terminals with UTF-8, colours or not', () => {
  const utf8 = { LANG: 'C.UTF-8', TERM: 'xterm-256color' };
  assert.deepEqual(screenOf({ isTTY: true, columns: 50 }, utf8), { columns: 50, hasBlocks: true });
  assert.deepEqual(screenOf({ isTTY: true, columns: 300 }, { LANG: 'C' }), { columns: 100, hasBlocks: false });
  assert.deepEqual(screenOf({ isTTY: true, columns: 50 }, { ...utf8, TERM: 'dumb' }), {
    columns: 50,
    hasBlocks: false,
  });
  assert.deepEqual(screenOf({ columns: 50 }, utf8), { columns: 80, hasBlocks: false });
});

test('targets are rates or times', () => {
  assert.deepEqual(readTarget('20rps'), { perSecond: 20 });
  assert.deepEqual(readTarget('1200rpm'), { perSecond: 20 });
  assert.deepEqual(readTarget('1.5h'), { withinMs: 5_400_000 });
  assert.deepEqual(readTarget('2d'), { withinMs: 172_800_000 });
  for (const wrong of ['', '20', '0rps', '-1h', '20 rps', '1e3s', 'h']) assert.throws(() => readTarget(wrong), wrong);
});

test('a quantity is a median and a 95th percentile, or one number', () => {
  assert.deepEqual(readQuantiles('300,900'), [300, 900]);
  assert.deepEqual(readQuantiles('300'), [300, 300]);
  for (const wrong of ['', '900,300', '1,2,3', '0', 'x,1', '-1']) assert.throws(() => readQuantiles(wrong), wrong);
});
