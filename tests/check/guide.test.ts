/** The page about conformance says what the suite does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ALL_CASES } from '#server/check/cases/all.js';
import { chooseCases } from '#server/check/choose.js';
import { renderListTable } from '#server/check/report/render-list.js';
import { FROM_STRICT } from './support/own-deviations.js';

const guide = (name: string) => readFileSync(new URL(`../../../docs/guide/${name}`, import.meta.url), 'utf8');

test('it lists every case with its rule, profiles, cost and sources', () => {
  const [, table = ''] = guide('conformance.md').split('<!-- cases -->');
  assert.equal(table.trim(), renderListTable(ALL_CASES));
});

test('it names the rules that the default configuration does not keep to the word', () => {
  const [, list = ''] = /<!-- strict -->([\s\S]*)<!-- strict end -->/.exec(guide('conformance.md')) ?? [];
  assert.deepEqual(
    [...list.matchAll(/^- `(.+)`$/gm)].map(([, id]) => id),
    [...FROM_STRICT],
  );
});

test('the published result has every case of the profile deepseek, and none that failed', () => {
  const page = guide('conformance-result.md');
  const rows = [...page.matchAll(/^\| `(.+)` \| (\S+) \| (.+?) \|/gm)].map(([, id, result, rule]) => ({
    id,
    result,
    rule,
  }));
  const { cases } = chooseCases({ profile: 'deepseek', deep: true });
  assert.deepEqual(
    rows.map(({ id, rule }) => [id, rule]),
    cases.map(({ id, rule }) => [id, rule]),
  );
  assert.deepEqual(
    rows.filter(({ result }) => result !== 'pass').map(({ id }) => id),
    ['limits/refusal'],
  );
});
