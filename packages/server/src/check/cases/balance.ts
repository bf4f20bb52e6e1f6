/** What the account of the key can spend: only DeepSeek tells it. */
import type { Ask } from '../ask.js';
import { type CheckCase, DEEPSEEK, STRICT } from '../case.js';
import { must, skip } from '../finding.js';
import { readAnswer } from '../read/answer.js';
import { at, listAt, textAt } from '../read/at.js';

const AMOUNTS = ['total_balance', 'granted_balance', 'topped_up_balance'] as const;
const SHARED = { sources: ['deepseek-balance'], profiles: DEEPSEEK, cost: 'free' } as const;

export const BALANCE_CASES: readonly CheckCase[] = [
  {
    ...SHARED,
    id: 'balance/available',
    rule: 'GET /user/balance says in is_available whether a request can be made.',
    async check(ask) {
      const available = at(await readBalance(ask), 'is_available');
      must(typeof available === 'boolean', 'is_available true or false', available);
    },
  },
  {
    ...SHARED,
    id: 'balance/amounts',
    rule: 'Amounts are texts with two decimals.',
    async check(ask) {
      const wrong = (await readInfos(ask)).find(
        (info) => !AMOUNTS.every((name) => /^-?\d+\.\d\d$/.test(textAt(info, name))),
      );
      must(wrong === undefined, 'texts such as "110.00"', wrong);
    },
  },
  {
    ...SHARED,
    id: 'balance/sum',
    rule: 'The total is the sum of what was granted and what was paid in.',
    async check(ask) {
      for (const info of await readInfos(ask)) {
        const [total, granted, toppedUp] = AMOUNTS.map((name) => Math.round(Number(at(info, name)) * 100));
        must(total === (granted ?? 0) + (toppedUp ?? 0), 'total = granted + topped up', info);
      }
    },
  },
  {
    ...SHARED,
    profiles: STRICT,
    id: 'balance/currency',
    rule: 'The currency is CNY or USD.',
    async check(ask) {
      const wrong = (await readInfos(ask)).find((info) => !/^(?:CNY|USD)$/.test(textAt(info, 'currency')));
      must(wrong === undefined, '"CNY" or "USD"', wrong);
    },
  },
];

async function readBalance(ask: Ask): Promise<unknown> {
  return readAnswer(await ask.send({ path: '/user/balance', from: 'root' }));
}

async function readInfos(ask: Ask): Promise<readonly unknown[]> {
  const balance = await readBalance(ask);
  const infos = listAt(balance, 'balance_infos');
  if (infos.length === 0) skip('the account has no entry');
  return infos;
}
