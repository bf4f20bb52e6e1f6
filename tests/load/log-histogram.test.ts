/** The histogram of the load generator: any number of values in bounded memory, each quantile within the error it says. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LogHistogram, RELATIVE_ERROR_MAX } from '#server/load/log-histogram.js';

const times = fc.array(
  fc.oneof(fc.double({ min: 0, max: 86_400_000, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true })),
  {
    minLength: 1,
    maxLength: 300,
  },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

function histogramOf(values: readonly number[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

/** The smallest value that at least a part of all do not exceed. */
function exactQuantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

describe('a histogram of times', () => {
  test('has every quantile within one percent, or a microsecond', () => {
    fc.assert(
      fc.property(times, share, (values, part) => {
        const exact = exactQuantile(values, part);
        const found = histogramOf(values).quantile(part);
        assert.ok(Math.abs(found - exact) <= exact * RELATIVE_ERROR_MAX * (1 + 1e-9) + 0.001, `${found} for ${exact}`);
      }),
    );
  });

  test('has count, mean and largest value exactly', () => {
    fc.assert(
      fc.property(times, (values) => {
        const histogram = histogramOf(values);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        assert.equal(histogram.count, values.length);
        assert.equal(histogram.max, Math.max(...values));
        assert.ok(Math.abs(histogram.mean - mean) <= 1e-9 * Math.max(1, mean));
      }),
    );
  });

  test('is the same whether values come together or are merged', () => {
    fc.assert(
      fc.property(times, times, (some, others) => {
        const merged = histogramOf(some);
        merged.merge(histogramOf(others));
        const { sum_ms, ...record } = merged.toRecord();
        const { sum_ms: sum, ...together } = histogramOf([...some, ...others]).toRecord();
        assert.deepEqual(record, together);
        assert.ok(Math.abs(sum_ms - sum) <= 1e-9 * Math.max(1, sum));
      }),
    );
  });

  test('comes back from its record as it was', () => {
    fc.assert(
      fc.property(times, (values) => {
        const record = histogramOf(values).toRecord();
        assert.deepEqual(LogHistogram.fromRecord(JSON.parse(JSON.stringify(record))).toRecord(), record);
      }),
    );
  });

  test('has a cumulative curve that never falls and ends at everything', () => {
    fc.assert(
      fc.property(times, (values) => {
        const curve = histogramOf(values).cumulative();
        assert.equal(curve.at(-1)?.[1], 1);
        for (const [index, [value, part]] of curve.entries()) {
          const [before, partBefore] = curve[index - 1] ?? [0, 0];
          assert.ok(value >= before && part > partBefore);
        }
      }),
    );
  });

  test('keeps what is beyond a day as its largest value, and what is below zero as zero', () => {
    const histogram = histogramOf([-5, 200_000_000]);
    assert.equal(histogram.max, 200_000_000);
    assert.equal(histogram.quantile(0.5), 0.001);
  });

  test('has no numbers without values, and refuses records that are none', () => {
    const empty = new LogHistogram();
    assert.ok(Number.isNaN(empty.quantile(0.5)) && Number.isNaN(empty.mean) && Number.isNaN(empty.max));
    assert.deepEqual(LogHistogram.fromRecord(empty.toRecord()).toRecord(), empty.toRecord());
    assert.throws(() => LogHistogram.fromRecord({ ...empty.toRecord(), buckets: [[5000, 1]] }), RangeError);
  });
});
