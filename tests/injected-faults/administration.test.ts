/** Rules in the configuration and at run time: what is refused, what is written down, and what a reload changes. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { AUDIT_ACTIONS } from '#server/accounts/audit.js';
import { FaultAnswer, FaultList } from '#server/admin/shapes/fault.js';
import { renderWelcome } from '#server/cli/welcome.js';
import { assertShape, startAdmin } from '../admin/support/admin.js';
import { load, problemsOf } from '../config/support/load.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { readTestConfig } from '../support/plumb.js';

const OUTAGE = { name: 'outage', fault: 'status', status: 503, from_s: 0, to_s: 60 };
const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }] };

describe('a configuration', () => {
  test('has rules', async (context) => {
    const file = `
faults:
  allow_header: true
  rules:
    flaky: { fault: status, status: 429, retry_after_s: 2, probability: 0.1, seed: 7 }
    outage: { fault: cut, how: close, after: 5, from_s: 30, to_s: 60, repeat_s: 300, stream: true }
`;
    const { config } = await load(context, { file });
    assert.deepEqual(Object.keys(config.faults.rules), ['flaky', 'outage']);
  });

  const WRONG: [string, string][] = [
    ['one: { fault: cutt }', 'did you mean `cut`?'],
    ['one: { fault: cut, afer: 1 }', 'unknown key `faults.rules.one.afer` at plumb.yaml:4:24; did you mean'],
    ['one: { fault: status, status: 404, statuss: 1 }', 'did you mean `faults.rules.one.status`?'],
    ['one: { fault: status, status: 505 }', 'must be `400`, `401`'],
    ['one: { fault: status, status: 505 }', 'at plumb.yaml:4:35; did you mean `500`?'],
    ['one: { status: 404 }', '`faults.rules.one.fault` is missing at plumb.yaml:4:10'],
    ['one: { fault: cut, probability: 2 }', 'must be a number from 0 to 1, not 2,'],
    ['1st: { fault: cut }', 'its keys are names of up to 64 letters'],
    ['header: { fault: cut }', '`faults.rules.header` has the name of what requests ask for themselves: use another'],
    ['one: { fault: status }', '`status` needs `faults.rules.one.status`'],
    ['one: { fault: latency }', '`latency` needs `faults.rules.one.delay_s`'],
    ['one: { fault: cut, status: 503 }', '`faults.rules.one.status` is nothing that `cut` has: leave it out'],
    ['one: { fault: cut, from_s: 60, to_s: 30 }', '`faults.rules.one.to_s` is not after `faults.rules.one.from_s`'],
    ['one: { fault: cut, to_s: 30, repeat_s: 20 }', '`faults.rules.one.repeat_s` ends before `faults.rules.one.to_s`'],
    ['one: { fault: missing_done, stream: false }', 'is false, and only streams can have `missing_done`'],
    ['one: { fault: cut, how: end, stream: false }', 'only streams can have `cut, how: end`'],
    ['one: { fault: truncated_json, stream: true }', 'only answers that are no streams can have `truncated_json`'],
    ['one: { fault: empty_content, path: /embeddings }', 'whose answers cannot have `empty_content`'],
    ['one: { fault: cut, model: deepsek-chat }', 'is the id of no model; did you mean `deepseek-chat`?'],
    ['one: { fault: cut, model: deepseek-v4-pro }', 'an alias: name `deepseek-reasoner`'],
  ];
  for (const [rule, problem] of WRONG) {
    test(`is refused with ${rule}`, async (context) => {
      const problems = await problemsOf(context, { file: `faults:\n  rules:\n    # a rule\n    ${rule}\n` });
      assert.ok(problems.join('\n').includes(problem), problems.join('\n'));
    });
  }
});

async function start(context: TestContext, faults: object = { allow_header: false, rules: {} }) {
  let changed: object = faults;
  const admin = await startAdmin({
    engine: new AnsweringEngine(),
    settings: { faults },
    start: { readConfig: () => readTestConfig(admin.plumb.dataDir, { faults: changed }) },
  });
  context.after(() => admin.stop());
  const status = async () => {
    const response = await admin.plumb.chat(CHAT);
    await response.text();
    return response.status;
  };
  const reload = (next: object) => {
    changed = next;
    return admin.call('POST', '/reload');
  };
  return { ...admin, status, reload };
}

describe('the admin API', () => {
  test('adds, lists, removes and clears rules, and writes that down', async (context) => {
    const { call, status, adminKeyId } = await start(context);
    const added = await call('POST', '/faults', OUTAGE);
    assert.equal(added.status, 201);
    assertShape(FaultAnswer, added.body);
    assert.equal(await status(), 503);
    const listed = (await call('GET', '/faults')).body;
    assertShape(FaultList, listed);
    const { name, ...rule } = OUTAGE;
    assert.deepEqual(
      listed.data.map(({ since, ...answer }: { since: string }) => answer),
      [{ name, origin: 'admin', matched: 1, injected: 1, rule }],
    );
    await call('POST', '/faults', { name: 'cuts', fault: 'cut' });
    assert.equal((await call('DELETE', '/faults/outage')).body.name, 'outage');
    assert.deepEqual((await call('DELETE', '/faults')).body.data.length, 1);
    assert.equal(await status(), 200);
    const audit = (await call('GET', '/audit')).body.data.slice(0, 4);
    assert.deepEqual(
      audit.map(({ action, subject, actor }: Record<string, string>) => [action, subject, actor]),
      [
        ['fault.clear', 'faults', adminKeyId],
        ['fault.remove', 'outage', adminKeyId],
        ['fault.add', 'cuts', adminKeyId],
        ['fault.add', 'outage', adminKeyId],
      ],
    );
    assert.deepEqual(audit[3].details, rule);
    assert.ok(AUDIT_ACTIONS.includes('fault.clear'));
  });

  const WRONG: [object, number, RegExp][] = [
    [{ fault: 'cut' }, 400, /`name` is missing/],
    [{ name: 'a b', fault: 'cut' }, 400, /`name` must be a name of letters/],
    [{ name: 'header', fault: 'cut' }, 400, /use another name/],
    [{ name: 'one', fault: 'cutt' }, 400, /`fault` must be `status`/],
    [{ name: 'one', fault: 'cut', probabilty: 1 }, 400, /did you mean `probability`/],
    [{ name: 'one', fault: 'slow_drip' }, 400, /`slow_drip` needs `bytes_per_s`\./],
    [{ name: 'one', fault: 'cut', model: 'deepseek-chatt' }, 400, /did you mean `deepseek-chat`\?/],
    [{ name: 'taken', fault: 'cut' }, 409, /There is a rule taken already/],
  ];
  for (const [body, expected, message] of WRONG) {
    test(`refuses ${JSON.stringify(body)}`, async (context) => {
      const { call } = await start(context, { allow_header: false, rules: { taken: { fault: 'cut', first: 1 } } });
      const answer = await call('POST', '/faults', body);
      assert.equal(answer.status, expected, answer.text);
      assert.match(answer.body.error.message, message);
      assert.equal((await call('GET', '/faults')).body.data.length, 1);
    });
  }

  test('does not know a rule that there is not', async (context) => {
    const { call } = await start(context);
    assert.equal((await call('DELETE', '/faults/outage')).status, 404);
  });
});

describe('a reload', () => {
  test('takes on other rules, and keeps those of operators', async (context) => {
    const { call, reload, status } = await start(context);
    await call('POST', '/faults', { name: 'later', fault: 'latency', delay_s: 0 });
    const { body } = await reload({
      allow_header: false,
      rules: { outage: { fault: 'status', status: 503, first: 1 } },
    });
    assert.deepEqual(body, { changed: ['faults'], needs_restart: [] });
    assert.deepEqual([await status(), await status()], [503, 200]);
    const names = (await call('GET', '/faults')).body.data.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['outage', 'later']);
  });
});

describe('a server that fails on purpose', () => {
  test('says so in its log at the start, and one that does not says nothing', async (context) => {
    const rules = { outage: { fault: 'status', status: 503 } };
    const { plumb } = await start(context, { allow_header: true, rules });
    const said = plumb.lines.filter(({ message }) => message === 'faults are injected on purpose');
    assert.deepEqual(
      said.map(({ rules, allowsHeader }) => [rules, allowsHeader]),
      [[['outage (status 503)'], true]],
    );
    const { plumb: other } = await start(context);
    assert.ok(!other.lines.some(({ message }) => message.includes('faults')));
  });

  test('says so in its welcome', () => {
    const welcome = { url: 'http://127.0.0.1:1', firstKey: undefined, models: [], engineModel: 'x', command: 'plumb' };
    const none = { rules: [], allowsHeader: false };
    assert.doesNotMatch(renderWelcome({ ...welcome, faults: none }), /fault/);
    const some = { rules: ['outage (status 503)'], allowsHeader: true };
    assert.match(
      renderWelcome({ ...welcome, faults: some }),
      /injected on purpose: outage \(status 503\), whatever requests ask for in x-plumb-fault/,
    );
  });
});
