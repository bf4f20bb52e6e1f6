/** Holds the server to time that is handed in: whatever looks at the machine's is named here, with the reason. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../../packages/server/src/', import.meta.url));

/** What takes the time from the machine. */
const REAL_TIME = /\b(?:Date\.now|performance\.now|setTimeout|setInterval|hrtime|AbortSignal\.timeout|new Date\(\))/;

/** Files that may, and why `--time-scale` must not change what they do. */
const ALLOWED: Readonly<Record<string, string>> = {
  'observe/clock.ts': 'it is the clock',
  'limits/timers.ts': 'they are the timers',
  'accounts/key-usage.ts': 'how long writes are gathered is a matter of the database',
  'engines/embedded/embedded-engine.ts': 'a process of the machine; never in compressed time',
  'engines/embedded/engine-process.ts': 'a process of the machine; never in compressed time',
  'engines/embedded/ready-gate.ts': 'a process of the machine; never in compressed time',
  'http/listen.ts': 'how long a stopping server waits for sockets',
  'ledger/commit-queue.ts': 'how long a transaction of the database took, for a metric',
  'models/http.ts': 'downloads',
  'models/lock.ts': 'downloads',
  'models/pip.ts': 'downloads',
  'models/pypi.ts': 'downloads',
  'models/transfer.ts': 'downloads',
  'openapi/page/script.ts': 'runs in a browser',
  'store/redis/connection.ts': 'the network',
  'store/sql/postgres/dialect.ts': 'the network',
  'store/sql/sqlite/open-sqlite.ts': 'a file that another process has locked',
  'workers/primary.ts': 'keeps a process running, and does nothing else',
};

/** Commands are for people and talk to servers, in the time of both. */
const COMMANDS = /^cli\//;

test('nothing of the server looks at the time of the machine but what is named with its reason', () => {
  const found = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(sources, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !COMMANDS.test(path) && REAL_TIME.test(readFileSync(join(sources, path), 'utf8')));
  assert.deepEqual(found.toSorted(), Object.keys(ALLOWED).toSorted());
});
