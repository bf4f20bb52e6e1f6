/** The reports of a load: text, JSON, a page of HTML, and two of them side by side. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '#client/plan/index.js';
import { compareReports, differingParameters } from '#server/load/compare.js';
import { readObjective } from '#server/load/objective.js';
import { isBottleneck, OwnLoadWatch } from '#server/load/own-load.js';
import { planStages } from '#server/load/plan.js';
import { renderHtml } from '#server/load/report/html-report.js';
import { type LoadReport, parseLoadReport, toLoadReport } from '#server/load/report/load-report.js';
import { renderText } from '#server/load/report/text-report.js';
import { randomFor } from '#server/load/seeds.js';
import { BEGINNING, IDLE_METER, type Play, playLoad } from './support/played-endpoint.js';

const NASTY = '<script>alert("&")</script>';

/** A load whose answers take about so long, with some failures in it. */
async function reportOf(seed: number, aboutMs: number, parameters: Record<string, string> = {}): Promise<LoadReport> {
  const random = randomFor(seed, 'played endpoint');
  const play: Play = () => {
    const first = aboutMs * (0.5 + random());
    if (random() < 0.05) {
      return { endsAfterMs: 5, failure: { kind: 'status', status: 429, reason: NASTY, retryAfterMs: 2000 } };
    }
    return { endsAfterMs: first + 100, tokensAfterMs: [first, first + 40, first + 100] };
  };
  const stages = [{ fromPerSecond: 50, toPerSecond: 50, durationMs: 60_000 }];
  const plan = planStages(stages, 'poisson', seed, { warmUpMs: 5000, maxInFlight: 100 });
  const result = await playLoad(plan, play, readObjective('ttft<150ms'));
  return toLoadReport(result, {
    program: 'plumb 0',
    node: 'v0',
    baseUrl: 'http://127.0.0.1:1/v1',
    parameters: { loop: 'open', models: `m ${NASTY}`, objective: 'ttft<150ms', ...parameters },
    warmUpMs: 5000,
  });
}

describe('the report', () => {
  test('adds up', async () => {
    const { requests, rates, latencies, failures, timeline } = await reportOf(1, 100);
    assert.equal(requests.answered + requests.failed, requests.due);
    assert.equal(latencies.e2e.histogram.count, requests.answered);
    assert.equal(failures[0]?.count, requests.failed);
    assert.ok(Math.abs((rates.answered ?? 0) - requests.answered / 60) < 0.2);
    // Each answer has five tokens in three events.
    assert.ok(Math.abs((rates.answer_tokens ?? 0) / (rates.answered ?? 1) - 5) < 0.1);
    assert.ok((requests.goodput_share ?? 0) > 0.9 && (requests.goodput_share ?? 1) < 0.96);
    assert.equal(timeline.slices.length, 66);
  });

  test('comes back from JSON, and nothing else is taken for one', async () => {
    const report = await reportOf(1, 100);
    assert.deepEqual(parseLoadReport(JSON.stringify(report)), JSON.parse(JSON.stringify(report)));
    for (const text of ['null', '{}', '{"kind":"plumb load","version":2}', '{"kind":"plumb load","version":1}']) {
      assert.throws(() => parseLoadReport(text), Error, text);
    }
  });

  test('for a terminal has the figures in rows', async () => {
    const text = renderText(await reportOf(1, 100));
    assert.match(text, /^requests +[23],\d{3} due, 2,\d{3} answered, \d+ failed, 0 dropped, 0 late$/m);
    assert.match(text, /^goodput +9\d\.\d %, .* \(ttft<150ms\)$/m);
    assert.match(text, /^first token +1\d\d ms +/m);
    assert.match(text, /^status 429 +\d+ times, come again after 2\.00 s: <script>/m);
  });

  test('warns of what makes its figures less than they seem', async () => {
    const stages = [{ fromPerSecond: 10, toPerSecond: 10, durationMs: 5000 }];
    const plan = planStages(stages, 'uniform', 1, { warmUpMs: 0, maxInFlight: 2 });
    const result = await playLoad(plan, () => ({ endsAfterMs: 1000 }));
    const facts = { program: '', node: '', baseUrl: '', parameters: {}, warmUpMs: 0 };
    const { warnings } = toLoadReport({ ...result, end: 'stopped' }, facts);
    assert.match(warnings.join('\n'), /^Stopped before its end.*\n40 requests were dropped.*\nOnly 10 answers/);
  });
});

describe('the watch over the generator', () => {
  test('sees a busy event loop, and every timer that would have been due meanwhile', () => {
    const clock = new VirtualClock(BEGINNING);
    const watch = new OwnLoadWatch(clock, IDLE_METER);
    clock.runUntil(BEGINNING + 1000);
    assert.equal(isBottleneck(watch.read()), false);
    // Time passes without any timer being called.
    const { now } = clock;
    Object.assign(clock, { now: () => now.call(clock) + 500 });
    clock.step();
    Object.assign(clock, { now });
    const ownLoad = watch.stop();
    assert.equal(ownLoad.loopDelay.count, 50 + 26);
    assert.ok(isBottleneck(ownLoad));
    assert.ok(ownLoad.loopDelay.quantile(0.99) > 450);
  });
});

describe('the page', () => {
  const VOID = new Set(['meta']);

  function problemsOf(html: string): string[] {
    const open: string[] = [];
    const problems: string[] = [];
    const body = html.replace(/<style>[\s\S]*?<\/style>/, '').replace('<!doctype html>', '');
    for (const [tag, closing, name = '', , selfClosing] of body.matchAll(
      /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"<]*")*)\s*(\/?)>|</gi,
    )) {
      if (name === '') problems.push(`a < that is no tag: ${tag}`);
      else if (closing === '/') {
        const opened = open.pop();
        if (opened !== name) problems.push(`</${name}> closes <${opened}>`);
      } else if (selfClosing !== '/' && !VOID.has(name)) open.push(name);
    }
    return [...problems, ...open.map((name) => `<${name}> stays open`)];
  }

  test('is well-formed, loads nothing and runs nothing', async () => {
    const html = renderHtml(await reportOf(1, 100));
    assert.deepEqual(problemsOf(html), []);
    assert.doesNotMatch(html, /<script|\bsrc=|\bhref=|url\(|@import|\bon[a-z]+=/i);
    assert.deepEqual(html.match(/https?:[^\s<"]*/g), ['http://127.0.0.1:1/v1']);
    assert.match(html, /&lt;script&gt;alert\(&quot;&amp;&quot;\)/);
    assert.match(html, /prefers-color-scheme: dark/);
  });

  test('has a chart for each question, in numbers that are numbers', async () => {
    const html = renderHtml(await reportOf(1, 100));
    const titles = [...html.matchAll(/<h3>([^<]+)<\/h3>/g)].map(([, title]) => title);
    assert.deepEqual(titles, [
      'Requests',
      'In flight',
      'Time to first token',
      'End to end',
      'Answer tokens',
      'Failures',
      'How times are spread',
      'How the stream flows',
    ]);
    assert.doesNotMatch(html, /NaN|Infinity|undefined|null/);
  });

  test('can be made of a load without any answer', async () => {
    const plan = planStages([{ fromPerSecond: 1, toPerSecond: 1, durationMs: 3000 }], 'uniform', 1, {
      warmUpMs: 0,
      maxInFlight: 5,
    });
    const result = await playLoad(plan, () => ({ endsAfterMs: 1, failure: { kind: 'connection', reason: 'refused' } }));
    const facts = { program: '', node: '', baseUrl: '', parameters: {}, warmUpMs: 0 };
    const report = toLoadReport(result, facts);
    const html = renderHtml(report);
    assert.deepEqual(problemsOf(html), []);
    assert.doesNotMatch(html, /NaN|Infinity|undefined|null/);
    assert.match(renderText(report), /There is no answer/);
  });
});

describe('two loads', () => {
  test('of the same endpoint do not differ', async () => {
    const rows = compareReports(await reportOf(1, 100), await reportOf(2, 100));
    const different = rows.filter(({ isDifferent }) => isDifferent).map(({ name }) => name);
    assert.deepEqual(different, []);
    assert.ok(rows.length >= 10);
    for (const { ratio } of rows) assert.ok(ratio.low <= ratio.value && ratio.value <= ratio.high);
  });

  test('differ where one is slower, by as much as it is', async () => {
    const rows = compareReports(await reportOf(1, 100), await reportOf(2, 150));
    const median = rows.find(({ name }) => name === 'first token p50');
    assert.ok(median?.isDifferent);
    assert.ok(median.ratio.low < 1.5 && 1.5 < median.ratio.high, JSON.stringify(median.ratio));
    assert.ok(rows.find(({ name }) => name === 'goodput')?.isDifferent);
    assert.ok(!rows.find(({ name }) => name === 'requests/s')?.isDifferent);
  });

  test('are told to be of different kinds where their parameters differ', async () => {
    assert.deepEqual(differingParameters(await reportOf(1, 100), await reportOf(1, 100, { seed: '2' })), ['seed']);
  });
});
