/** Amounts of money: read and written exactly. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  AMOUNT_MAX,
  AmountError,
  formatAmount,
  formatCents,
  type Money,
  NANO_PER_UNIT,
  readAmount,
  toMoney,
} from '#server/ledger/money.js';

const amounts = () => fc.bigInt({ min: 1n, max: AMOUNT_MAX });
const balances = () => fc.bigInt({ min: -AMOUNT_MAX, max: AMOUNT_MAX });

describe('an amount', () => {
  const examples: [string, Money][] = [
    ['10', 10_000_000_000n],
    ['0.25', 250_000_000n],
    ['1234.5', 1_234_500_000_000n],
    ['0.000000001', 1n],
    ['  7.00 ', 7_000_000_000n],
    ['007', 7_000_000_000n],
    ['1000000000', AMOUNT_MAX],
    ['999999999.999999999', AMOUNT_MAX - 1n],
  ];
  for (const [text, amount] of examples) {
    test(`is read from "${text}"`, () => assert.equal(readAmount(text), amount));
  }

  const wrong: [string, RegExp][] = [
    ['', /is no amount: write it like 10 or 0\.25/],
    ['-1', /is no amount/],
    ['+1', /is no amount/],
    ['1,5', /is no amount/],
    ['1.', /is no amount/],
    ['.5', /is no amount/],
    ['1e3', /is no amount/],
    ['0x10', /is no amount/],
    ['1 000', /is no amount/],
    ['$5', /is no amount/],
    ['0.0000000001', /is no amount/],
    ['NaN', /is no amount/],
    ['١', /is no amount/],
    ['12345678901', /is no amount/],
    ['0', /The amount is 0: it must be more/],
    ['0.000000000', /The amount is 0/],
    ['1000000000.000000001', /more than a billion/],
    ['9999999999', /more than a billion/],
  ];
  for (const [text, message] of wrong) {
    test(`is not read from "${text}"`, () => {
      assert.throws(
        () => readAmount(text),
        (error) => error instanceof AmountError && message.test(error.message),
      );
    });
  }

  test('that is none is repeated short, and without what a terminal would act on', () => {
    assert.throws(
      () => readAmount(`\u001b[31m5\u0007\n${'x'.repeat(1000)}`),
      ({ message }: Error) => message.length < 120 && !/\p{C}/u.test(message),
    );
  });

  test('is what it was when it is written and read again', () => {
    fc.assert(fc.property(amounts(), (amount) => assert.equal(readAmount(formatAmount(amount)), amount)));
  });

  test('is written with its sign, two decimal places at least, and no more than it needs', () => {
    const written: [Money, string][] = [
      [0n, '0.00'],
      [1n, '0.000000001'],
      [-1n, '-0.000000001'],
      [-1_500_000_000n, '-1.50'],
      [10n * NANO_PER_UNIT, '10.00'],
      [120_000_000n, '0.12'],
      [123_000_000n, '0.123'],
    ];
    for (const [amount, text] of written) assert.equal(formatAmount(amount), text);
    fc.assert(
      fc.property(balances(), (amount) => {
        assert.match(formatAmount(amount), /^-?(?:0|[1-9]\d*)\.\d\d(?:\d{0,6}[1-9])?$/);
      }),
    );
  });

  test('has no sign of its own in its written opposite', () => {
    fc.assert(fc.property(amounts(), (amount) => assert.equal(formatAmount(-amount), `-${formatAmount(amount)}`)));
  });
});

describe('cents', () => {
  const examples: [Money, string][] = [
    [0n, '0.00'],
    [9_999_999n, '0.00'],
    [10_000_000n, '0.01'],
    [999_999_999n, '0.99'],
    [1_994_999_999n, '1.99'],
    [-1n, '-0.01'],
    [-10_000_000n, '-0.01'],
    [-10_000_001n, '-0.02'],
    [-1_000_000_000n, '-1.00'],
  ];
  for (const [amount, text] of examples) {
    test(`of ${amount} nano-units are ${text}`, () => assert.equal(formatCents(amount), text));
  }

  test('never show more than there is, and never a cent less', () => {
    fc.assert(
      fc.property(balances(), (amount) => {
        const text = formatCents(amount);
        assert.match(text, /^-?(?:0|[1-9]\d*)\.\d\d$/);
        const shown = BigInt(text.replace('.', '')) * (NANO_PER_UNIT / 100n);
        assert.ok(shown <= amount && amount - shown < NANO_PER_UNIT / 100n, `${text} for ${amount}`);
      }),
    );
  });
});

describe('a configured number', () => {
  test('is exact for every price up to a million units with nine decimal places', () => {
    const nano = fc.bigInt({ min: 0n, max: 1_000_000n * NANO_PER_UNIT });
    fc.assert(fc.property(nano, (amount) => assert.equal(toMoney(Number(formatAmount(amount))), amount)));
  });

  test('is no victim of binary fractions', () => {
    const examples: [number, Money][] = [
      [0.1, 100_000_000n],
      [0.28, 280_000_000n],
      [1.1, 1_100_000_000n],
      [0.000000001, 1n],
      [999_999.999999999, 999_999_999_999_999n],
      [0, 0n],
    ];
    for (const [units, amount] of examples) assert.equal(toMoney(units), amount);
  });
});
