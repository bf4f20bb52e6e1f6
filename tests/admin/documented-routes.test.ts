/** The guide shows every route of the admin API with a line that works, in the order in which it is read. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ADMIN_ROUTES } from '#server/admin/routes.js';
import { startAdmin } from './support/admin.js';

const guide = new URL('../../../docs/guide/admin-api.md', import.meta.url);

const LINE = /^curl -H "\$AUTH" "?\$ADMIN([^\s"]*)"?(?: -X (\w+))?(?: --json '(.*)')?(?: > \S+)?$/;

/** What stands for an id in the guide. */
const SHOWN_ID = /(key|adminkey)_4fT9sLkQ2mXz7VbA/;

test('the lines of the guide work one after the other, and show every route', async () => {
  const lines = (await readFile(guide, 'utf8')).split('\n').filter((line) => line.startsWith('curl '));
  const admin = await startAdmin({ settings: { pools: { gpus: { engines: { a: { kind: 'embedded' } } } } } });
  try {
    const shown = new Set<string>();
    const made: Record<string, string> = {};
    for (const line of lines) {
      const [, path = '', verb, body] = LINE.exec(line) ?? assert.fail(`not in the form of the others: ${line}`);
      const method = verb ?? (body === undefined ? 'GET' : 'POST');
      const target = path.replace(SHOWN_ID, (_, prefix: string) => made[prefix] ?? 'unknown');
      const answer = await admin.call(method, target, body);
      assert.ok(answer.status < 300, `${line}: ${answer.text}`);
      if (answer.status === 201) made[String(answer.body.id).split('_')[0] ?? ''] = answer.body.id;
      shown.add(`${method} ${path.replace(/\?.*/, '').replace(/(accounts|keys|engines|faults)\/[^/]+/, '$1/{id}')}`);
    }
    const routes = Object.entries(ADMIN_ROUTES).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    assert.deepEqual([...shown].sort(), routes.sort());
  } finally {
    await admin.stop();
  }
});
