/** Random lives of accounts: which operations come together in which transaction. */
import fc from 'fast-check';

export interface Step {
  /** The number of the request. */
  readonly request: number;
  readonly kind: 'hold' | 'settle' | 'release' | 'void';
  readonly amount: bigint;
  readonly mayOverdraw: boolean;
}

export interface LedgerTrace {
  readonly granted: bigint;
  readonly toppedUp: bigint;
  /** Each is one transaction. */
  readonly transactions: readonly (readonly Step[])[];
}

/** Few requests, so that operations meet; few amounts, so that balances run out. */
const step: fc.Arbitrary<Step> = fc.record({
  request: fc.integer({ min: 0, max: 5 }),
  kind: fc.constantFrom('hold', 'settle', 'settle', 'release', 'void'),
  amount: fc.bigInt({ min: 0n, max: 60n }),
  mayOverdraw: fc.boolean(),
});

export function ledgerTraces(): fc.Arbitrary<LedgerTrace> {
  return fc.record({
    granted: fc.bigInt({ min: 0n, max: 100n }),
    toppedUp: fc.bigInt({ min: 0n, max: 100n }),
    transactions: fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
  });
}
