/** What accounts cost a server that nobody uses for the moment, and what those cost that are used. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { KeyHasher, mintKey } from '#server/accounts/api-key.js';
import { systemClock } from '#server/observe/clock.js';
import { DATABASE_FILE_NAME, openStore } from '#server/store/open-store.js';
import { startServerProcess } from '../support/plumb-process.js';
import { readResidentBytes } from '../support/process-memory.js';
import { quantile } from '../support/statistics.js';
import type { Row } from './report.js';
import { withScene } from './scene.js';
import { MODEL } from './settings.js';

const ACCOUNTS = 1_000_000;
/** Twice as many as a server remembers. */
const USED = 20_000;
/** Requests at a time. */
const WIDTH = 16;
const STARTS = 5;
const REST_MS = 3_000;
const MEGABYTE = 1e6;

export async function measureAccounts(): Promise<Row[]> {
  return withScene(async (folder) => {
    const keys = await fillDatabase(folder.dataDir);
    const firstAnswers = [];
    for (let start = 0; start < STARTS; start++) {
      const tried = await startServerProcess({ folder });
      firstAnswers.push(tried.firstAnswerMs);
      await tried.stop();
    }
    const server = await startServerProcess({ folder });
    try {
      await wait(REST_MS);
      const idle = readResidentBytes(server.processId);
      const warm = await useKeys(server.url, Array(USED).fill(folder.key));
      await wait(REST_MS);
      const oneKey = readResidentBytes(server.processId);
      const cold = await useKeys(server.url, keys);
      await wait(REST_MS);
      const allKeys = readResidentBytes(server.processId);
      const many = `${ACCOUNTS.toLocaleString('en')} accounts and keys`;
      return [
        row('first answer', 'ms', quantile(firstAnswers, 0.5), `${many}; ${STARTS} starts`, '≤ 500'),
        row('resident memory, idle', 'MB', idle / MEGABYTE, many, '≤ 120'),
        row(`after ${USED} requests of one key`, 'MB', oneKey / MEGABYTE, `${warm.toFixed(0)} a second`),
        row(`after ${USED} requests of as many keys`, 'MB', allKeys / MEGABYTE, `${cold.toFixed(0)} a second`),
        row('of that: a used account', 'KB', (allKeys - oneKey) / 1000 / USED, 'key, limits and answer lengths'),
      ];
    } finally {
      await server.stop();
    }
  });
}

function row(what: string, unit: string, value: number, note: string, target = ''): Row {
  return { what, unit, value, note, target };
}

/** Adds a million accounts with a key each, and returns the plain text of those that will be used. */
async function fillDatabase(dataDir: string): Promise<string[]> {
  const { secret, close } = await openStore({ dataDir, clock: systemClock });
  await close();
  const hasher = new KeyHasher(secret);
  const keys = Array.from({ length: USED }, mintKey);
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE_NAME));
  const account = database.prepare('insert into accounts (id, name, created_at) values (?, ?, ?)');
  const balance = database.prepare('insert into balances (account_id, granted, topped_up) values (?, 0, 0)');
  const apiKey = database.prepare(
    'insert into api_keys (id, account_id, name, hash, last_four, created_at) values (?, ?, ?, ?, ?, ?)',
  );
  const at = systemClock.now();
  database.exec('begin');
  for (let number = 0; number < ACCOUNTS; number++) {
    const id = String(number).padStart(16, '0');
    const key = keys[number];
    account.run(`acct_${id}`, `team ${id}`, at);
    balance.run(`acct_${id}`);
    const hash = key === undefined ? randomBytes(32).toString('base64url') : hasher.hash(key);
    apiKey.run(`key_${id}`, `acct_${id}`, 'main', hash, '0000', at);
  }
  database.exec('commit');
  database.close();
  return keys;
}

/** Sends a chat with each of the keys; returns how many a second. Rejects when one is not answered. */
async function useKeys(url: string, keys: readonly string[]): Promise<number> {
  const pool = new Pool(url, { connections: WIDTH });
  const body = JSON.stringify({ model: MODEL, max_tokens: 4, messages: [{ role: 'user', content: 'Hello' }] });
  const startedAt = performance.now();
  let next = 0;
  const work = async () => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const answer = await pool.request({ path: '/v1/chat/completions', method: 'POST', headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`A key was answered with ${answer.statusCode}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  await pool.close();
  return (keys.length / (performance.now() - startedAt)) * 1000;
}
