/** Specifies how a running batch is shown: on a terminal, in a log, to programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchProgress, Clock } from '@plumb/client';
import { createBatchView, renderPlain, renderView, toEvent } from '#server/cli/client/batch-view.js';
import { resumeCommand } from '#server/cli/client/resume-command.js';

const PROGRESS: BatchProgress = {
  total: 1000,
  resumed: { succeeded: 190, failed: 10, again: 3, foreign: 0 },
  succeeded: 297,
  failed: 3,
  promptTokens: 1_234_567,
  cachedTokens: 400_000,
  answerTokens: 80_123,
  cost: 420_000_000n,
  inFlight: 32,
  retries: 2,
  limiter: {
    axes: [
      { axis: 'requests', limit: 300, origin: 'given', used: 290 },
      { axis: 'tokens', limit: 150_000, origin: 'header', used: 41_000 },
      { axis: 'concurrency', limit: undefined, origin: 'unknown', used: 32 },
    ],
    inFlight: 32,
    waiting: 5,
    binding: 'requests',
    nextAt: undefined,
    refusals: 1,
  },
  projectedCost: 1_100_000_000n,
  remainingMs: 80_000,
  elapsedMs: 60_000,
};

test('two lines tell what matters, with the limit that binds', () => {
  const [first, second] = renderView(PROGRESS, 130, 'USD');
  assert.equal(
    first,
    '[============            ]  50%  500/1,000 (200 before)  1:20 left  3 failed  27 in flight  5 waiting  2 retries  1 x 429',
  );
  assert.equal(
    second,
    '290/300 req/min (binds)  41.0k/150k tok/min  0.42 of about 1.10 USD  1.2M in (400k cached) 80.1k out',
  );
});

test('no line is wider than the terminal, however narrow', () => {
  for (let columns = 1; columns <= 130; columns += 1) {
    for (const line of renderView(PROGRESS, columns, 'USD')) assert.ok(line.length <= columns, line);
  }
});

test('a line for logs has all of it', () => {
  assert.equal(
    renderPlain(PROGRESS, 'USD'),
    '500 of 1,000 done (200 before), 3 failed, 27 in flight, 5 waiting, 2 retries, 1 x 429, 290/300 req/min (binds), ' +
      '41.0k/150k tok/min, 1.2M in (400k cached) 80.1k out, 0.42 of about 1.10 USD, 1:20 left',
  );
});

test('an event for programs has numbers, and money as text', () => {
  const event = toEvent(PROGRESS) as Record<string, unknown>;
  assert.equal(event.binding, 'requests');
  assert.equal(event.cost, '0.42');
  assert.equal(event.remaining_ms, 80_000);
  assert.deepEqual((event.limits as Record<string, unknown>).concurrency, { limit: null, used: 32, origin: 'unknown' });
});

/** A clock whose calls a test makes. */
function createPlayedClock() {
  let due: { at: number; call: () => void } | undefined;
  const clock: Clock = {
    now: () => 0,
    after(at, call) {
      due = { at, call };
      return () => {
        due = undefined;
      };
    },
  };
  const tick = () => {
    const next = due;
    due = undefined;
    next?.call();
    return next?.at;
  };
  return { clock, tick };
}

test('on a terminal the two lines are written over each other ten times a second', () => {
  const { clock, tick } = createPlayedClock();
  let written = '';
  const stream = { isTTY: true, columns: 100, write: (text: string) => (written += text) };
  const view = createBatchView({ stream, clock, kind: 'auto', currency: 'USD' });
  view.start(() => PROGRESS);
  assert.equal(tick(), 100);
  assert.ok(!written.includes('\u001b[2A'));
  tick();
  assert.equal(written.split('\u001b[2A').length, 2);
  view.remark('Stopping.');
  assert.ok(written.endsWith('\r\u001b[2A\u001b[JStopping.\n'));
  view.end();
  assert.equal(tick(), undefined);
});

test('elsewhere a plain line is written every ten seconds and at the end', () => {
  const { clock, tick } = createPlayedClock();
  const lines: string[] = [];
  const view = createBatchView({
    stream: { write: (text: string) => lines.push(text) },
    clock,
    kind: 'auto',
    currency: undefined,
  });
  view.start(() => PROGRESS);
  assert.equal(tick(), 10_000);
  view.end();
  assert.equal(lines.length, 2);
  assert.ok(!lines.join('').includes('\u001b'));
});

test('the command to go on is what was typed, without what was for once', () => {
  const typed = [
    'batch',
    'retry',
    'my file.jsonl',
    '-o',
    'out.jsonl',
    '--retry-errors',
    '400,422',
    '--limit',
    '5',
    '--dry-run',
  ];
  assert.equal(resumeCommand(typed, {}), "plumb batch run 'my file.jsonl' -o out.jsonl --limit 5");
  assert.equal(
    resumeCommand(['batch', 'run', "it's.jsonl", '--retry-errors=422'], { npm_lifecycle_event: 'plumb' }),
    "npm run plumb -- batch run 'it'\\''s.jsonl'",
  );
});
