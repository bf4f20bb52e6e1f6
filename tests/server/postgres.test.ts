/** The real server on a PostgreSQL: requests are answered, fail while it is away, and are answered again. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { startPlumb } from '../support/plumb.js';
import { postgresIsMissing, startPostgres } from '../support/postgres-server.js';
import { until } from '../support/until.js';

const REQUEST = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hello' }] };

describe('a server on PostgreSQL', { skip: postgresIsMissing }, () => {
  test('answers, outlives a crash of the database, and answers again once that is back', async (context) => {
    const postgres = await startPostgres();
    context.after(() => postgres.stop());
    const url = await postgres.createDatabase();
    const plumb = await startPlumb({ settings: { database: { url, connections: 4 } } });
    context.after(() => plumb.stop());
    assert.equal((await plumb.chat(REQUEST)).status, 200);
    assert.ok(!(await readdir(plumb.dataDir)).includes('plumb.db'));
    await postgres.crash();
    await until('the loss is in the log', () =>
      plumb.lines.some(({ message }) => message === 'keys are looked up for every request until it is back'),
    );
    const refused = await plumb.chat(REQUEST);
    assert.ok(refused.status >= 500, `status ${refused.status}`);
    assert.ok(!(await refused.text()).includes('PostgreSQL'), 'clients learn nothing of the database');
    await postgres.restart();
    assert.equal((await plumb.chat(REQUEST)).status, 200);
    assert.ok(!JSON.stringify(plumb.lines).includes(encodeURIComponent('s3cret/')));
  });
});
