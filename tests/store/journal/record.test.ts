import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SettleOperation } from '#server/ledger/ledger-store.js';
import { packSettlement } from '#server/ledger/pack-settlement.js';
import { readRecord, writeRecord } from '#server/store/journal/record.js';
import { usage } from '../../ledger/support/books.js';

const base = { kind: 'settle', requestId: 'request', accountId: 'account', at: 1_764_000_000_123 } as const;
const SETTLEMENTS: Readonly<Record<string, SettleOperation>> = {
  'of a purse': {
    ...base,
    hold: { id: 'purse', amount: 9_007_199_254_740_993_123n },
    usage: usage('request', 'account', 9_007_199_254_740_993_001n),
  },
  'that ends its hold': { ...base, hold: { id: 'hold' }, usage: usage('request', 'account', 5n) },
  'of what costs nothing': { ...base, hold: undefined, usage: usage('request', 'account', 0n) },
  'of a model with any name': {
    ...base,
    hold: undefined,
    usage: { ...usage('request', 'account', 0n), model: '深度 "\n\u2028 \\ 🦜' },
  },
};

describe('a record of a journal', () => {
  for (const [name, settlement] of Object.entries(SETTLEMENTS)) {
    test(`is read as it was written: one ${name}`, () => {
      const line = writeRecord(packSettlement(settlement));
      assert.equal(line.indexOf('\n'), line.length - 1, 'it is one line');
      const read = readRecord(line.slice(0, -1));
      assert.deepEqual({ ...settlement, ...read }, { ...read, ...settlement });
    });
  }

  test('that was cut anywhere, or has another byte anywhere, is none', () => {
    const line = writeRecord(packSettlement(SETTLEMENTS['of a purse']!)).slice(0, -1);
    for (let place = 0; place < line.length; place++) {
      assert.equal(readRecord(line.slice(0, place)), undefined, `cut at ${place}`);
      const other = String.fromCharCode(line.charCodeAt(place) ^ 1);
      assert.equal(readRecord(line.slice(0, place) + other + line.slice(place + 1)), undefined, `changed at ${place}`);
    }
  });
});
