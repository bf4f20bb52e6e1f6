/** `plumb check` as a user runs it: what it prints, writes and ends with. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '@plumb/client';
import { ALL_CASES } from '#server/check/cases/all.js';
import { runCases } from '#server/check/run.js';
import { Session } from '#server/check/session.js';
import { User } from '../cli-client/support/user.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { jsonOf, ScriptedUpstream } from '../support/scripted-upstream.js';
import { type BrokenServer, changeJson, startBrokenServer } from './support/broken-server.js';

let user: User;
let good: TestServer;
let broken: BrokenServer;
before(async () => {
  user = await User.create();
  good = await startPlumb({
    script: 'tool',
    settings: { engine: { context_tokens: 4096 }, default_tier: 'unlimited' },
  });
  broken = await startBrokenServer(good.url, (answer) => {
    if (answer.path.endsWith('/chat/completions') && answer.status === 200) {
      // Among it is what would break a report: the key, and signs of XML and of tables.
      changeJson(answer, (value) => (value.object = `<${good.key}> | "\u0001"`));
    }
  });
});
after(async () => {
  await broken.close();
  await good.stop();
  await user.remove();
});

const check = (url: string, ...flags: string[]) =>
  user.run(['check', url, ...flags], { environment: { PLUMB_API_KEY: good.key } });

test('an endpoint that keeps every rule ends with 0, and the report says what was spent', async () => {
  const { code, stdout, stderr } = await check(`${good.url}/v1`);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/v1 as deepseek, model deepseek-chat\n/);
  assert.match(stdout, /^auth +\d+ passed$/m);
  assert.match(stdout, /^\d+ more with --deep, which spends more tokens\.$/m);
  assert.match(stdout, /^\d+ requests, [\d,]+ tokens of prompts and [\d,]+ of answers, \d+\.\d s\.$/m);
  assert.equal(stderr, '');
});

test('a rule that is broken ends with 1, and is shown with what was expected, what came and how to repeat it', async () => {
  const { code, stdout, stderr } = await check(`${broken.url}/v1`, '--only', 'response');
  assert.equal(code, 1);
  assert.match(stderr, /1 case failed\./);
  assert.match(
    stdout,
    /✗ response\/object {2}The object is "chat\.completion"\.\n +expected +"chat\.completion"\n +came +</,
  );
  assert.match(stdout, /repeat +curl -sSiN -X POST http:\S+\/v1\/chat\/completions -H "authorization: Bearer \$KEY"/);
  user.assertNeverSaw(good.key);
});

test('the curl of a report repeats the request', async () => {
  const { stdout } = await check(`${broken.url}/v1`, '--only', 'response/object', '--json');
  const { repeat } = JSON.parse(stdout).results[0];
  const answer = await user.shell(repeat, { environment: { KEY: good.key } });
  assert.match(answer.stdout, /^HTTP\/1\.1 200/);
  user.seen = '';
});

test('--json is one line with every result', async () => {
  const { code, stdout } = await check(`${broken.url}/v1`, '--json', '--only', 'response,stream/done');
  assert.equal(code, 1);
  const report = JSON.parse(stdout);
  assert.deepEqual([report.profile, report.model, stdout.trim().includes('\n')], ['deepseek', 'deepseek-chat', false]);
  const {
    durationMs: _,
    repeat: __,
    ...result
  } = report.results.find(({ id }: { id: string }) => id === 'response/object');
  assert.deepEqual(result, {
    id: 'response/object',
    group: 'response',
    rule: 'The object is "chat.completion".',
    sources: ['deepseek-chat', 'openai-answer'],
    cost: 'cheap',
    outcome: 'fail',
    expected: '"chat.completion"',
    came: result.came,
  });
  assert.equal(report.results.at(-1).id, 'stream/done');
  user.assertNeverSaw(good.key);
});

test('--junit and --markdown write files that hold whatever came', async () => {
  const [junit, markdown] = [join(user.home, 'report.xml'), join(user.home, 'report.md')];
  await check(`${broken.url}/v1`, '--only', 'response,limits', '--deep', '--junit', junit, '--markdown', markdown);
  const xml = await readFile(junit, 'utf8');
  const page = await readFile(markdown, 'utf8');
  const parsed = await user.shell(
    `python3 -c 'import sys, xml.etree.ElementTree as t; r = t.parse(sys.argv[1]).getroot(); print(r.tag, r.get("failures"), len(list(r.iter("failure"))))' ${junit}`,
  );
  assert.equal(parsed.stdout.trim(), 'testsuites 1 1', parsed.stderr);
  assert.match(page, /^# Conformance of http:/);
  assert.match(page, /^\| group \| pass \| fail \| warn \| skip \|$/m);
  assert.match(page, /^\| `response\/object` \| \*\*fail\*\* \| .*&lt;.*\\\|/m);
  assert.ok(![xml, page].some((text) => text.includes(good.key)));
});

test('--only and --skip take groups and cases, and refuse what is neither', async () => {
  const { stdout } = await check(
    `${good.url}/v1`,
    '--json',
    '--only',
    'models,stream/done',
    '--skip',
    'models/created,models/list',
  );
  const ids = JSON.parse(stdout).results.map(({ id }: { id: string }) => id);
  assert.ok(ids.includes('models/entries') && ids.includes('stream/done') && !ids.includes('models/list'));
  const refused = await check(`${good.url}/v1`, '--only', 'streams');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /no group or case streams; plumb check --list/);
});

test('--list asks nothing and needs no key', async () => {
  const { code, stdout } = await user.run(['check', '--list']);
  assert.equal(code, 0);
  assert.equal(stdout.trim().split('\n').length, ALL_CASES.length);
  const strict = await user.run(['check', '--list', '--profile', 'openai', '--only', 'balance']);
  assert.equal(strict.stdout.trim(), '');
});

describe('an endpoint that cannot be checked', () => {
  test('because it is not there ends with 6', async () => {
    const { code, stderr } = await check('http://127.0.0.1:9/v1');
    assert.equal(code, 6);
    assert.match(stderr, /Is it running/);
  });

  test('because it does not take the key ends with 3', async () => {
    const { code } = await user.run(['check', `${good.url}/v1`], {
      environment: { PLUMB_API_KEY: 'sk-wrong-key-0000' },
    });
    assert.equal(code, 3);
  });

  test('because the account has no money ends with 4', async () => {
    const upstream = await ScriptedUpstream.start();
    upstream.answer('/v1/models', jsonOf({ object: 'list', data: [{ id: 'm', object: 'model', owned_by: 'x' }] }));
    upstream.answerChat(jsonOf({ error: { message: 'Insufficient Balance' } }, 402));
    const { code, stderr } = await check(upstream.url);
    await upstream.close();
    assert.equal(code, 4);
    assert.match(stderr, /no money left/);
  });

  test('because it lists no models ends with 2, and --model goes on', async () => {
    const upstream = await ScriptedUpstream.start();
    const { code, stderr } = await check(upstream.url);
    const named = await check(upstream.url, '--model', 'm', '--only', 'models/list');
    await upstream.close();
    assert.equal(code, 2);
    assert.match(stderr, /name one with --model/);
    assert.equal(named.code, 0);
    assert.match(named.stdout, /as openai, model m/);
  });
});

test('an endpoint that never answers holds no case longer than the time of a request', async () => {
  const upstream = await ScriptedUpstream.start();
  upstream.answerChat({ before: ['hang!'] });
  // The time of every request is over at once.
  const clock = { now: systemClock.now, after: (_: number, call: () => void) => systemClock.after(50, call) };
  const { signal } = new AbortController();
  const session = new Session({ baseUrl: upstream.url, key: 'k', clock, timeoutMs: 60_000, signal, nonce: 'n' });
  const cases = ALL_CASES.filter(({ id }) => id === 'response/object' || id === 'stream/done');
  const results = await runCases(session, cases, { profile: 'openai', model: 'm', concurrency: 2 });
  await session.close();
  await upstream.close();
  assert.deepEqual(
    results.map(({ outcome, came }) => [outcome, came]),
    cases.map(() => ['fail', 'nothing whole within 60 s']),
  );
});
