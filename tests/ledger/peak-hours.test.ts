/** Peak hours: to the millisecond, on the right days. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DAY_PATTERN,
  findPeakHoursProblem,
  HOURS_PATTERN,
  PeakHours,
  type PeakHoursSettings,
  WEEKDAYS,
} from '#server/ledger/peak-hours.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A Wednesday. */
const MIDNIGHT = Date.UTC(2026, 10, 25);

function peakHours(settings: Partial<PeakHoursSettings>): PeakHours {
  return new PeakHours({ hours: ['01:00-04:00'], days: [...WEEKDAYS], except: [], ...settings });
}

describe('peak hours', () => {
  test('begin with the first millisecond of a span and end before the last one', () => {
    const hours = peakHours({});
    assert.equal(hours.includes(MIDNIGHT + HOUR_MS - 1), false);
    assert.equal(hours.includes(MIDNIGHT + HOUR_MS), true);
    assert.equal(hours.includes(MIDNIGHT + 4 * HOUR_MS - 1), true);
    assert.equal(hours.includes(MIDNIGHT + 4 * HOUR_MS), false);
  });

  test('may reach from midnight to midnight', () => {
    const hours = peakHours({ hours: ['00:00-24:00'], days: ['wed'] });
    assert.equal(hours.includes(MIDNIGHT - 1), false);
    assert.equal(hours.includes(MIDNIGHT), true);
    assert.equal(hours.includes(MIDNIGHT + DAY_MS - 1), true);
    assert.equal(hours.includes(MIDNIGHT + DAY_MS), false);
  });

  test('may pass midnight as two spans', () => {
    const hours = peakHours({ hours: ['22:30-24:00', '00:00-01:30'] });
    const edges: [number, boolean][] = [
      [22.5 * HOUR_MS - 1, false],
      [22.5 * HOUR_MS, true],
      [DAY_MS, true],
      [DAY_MS + 1.5 * HOUR_MS - 1, true],
      [DAY_MS + 1.5 * HOUR_MS, false],
    ];
    for (const [sinceMidnight, is] of edges) assert.equal(hours.includes(MIDNIGHT + sinceMidnight), is);
  });

  test('are only on the days of the week that have them, by UTC', () => {
    for (const [day, name] of WEEKDAYS.entries()) {
      const hours = peakHours({ hours: ['00:00-24:00'], days: [name] });
      for (let other = 0; other < 7; other++) {
        // 2026-11-22 was a Sunday.
        const noon = Date.UTC(2026, 10, 22 + other, 12);
        assert.equal(hours.includes(noon), other === day, `${name} on day ${other}`);
      }
    }
  });

  test('are not on days that are left out, from their first to their last millisecond', () => {
    const hours = peakHours({ hours: ['00:00-24:00'], except: ['2026-11-25', '2028-02-29'] });
    assert.equal(hours.includes(MIDNIGHT - 1), true);
    assert.equal(hours.includes(MIDNIGHT), false);
    assert.equal(hours.includes(MIDNIGHT + DAY_MS - 1), false);
    assert.equal(hours.includes(MIDNIGHT + DAY_MS), true);
    assert.equal(hours.includes(Date.UTC(2028, 1, 29, 12)), false);
  });

  test('are never without hours or without days', () => {
    for (const settings of [{ hours: [] }, { days: [] }]) {
      const hours = peakHours(settings);
      for (let hour = 0; hour < 24; hour++) assert.equal(hours.includes(MIDNIGHT + hour * HOUR_MS), false);
    }
  });

  test('are in a span exactly as the clock on the wall in UTC reads', () => {
    const minute = fc.integer({ min: 0, max: 1440 });
    const at = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(minute, minute, at, (one, other, time) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        fc.pre(from < to);
        const span = `${writeTime(from)}-${writeTime(to)}`;
        assert.match(span, new RegExp(HOURS_PATTERN));
        const wall = new Date(time).toISOString().slice(11, 16);
        const isIn = writeTime(from) <= wall && wall < writeTime(to);
        assert.equal(peakHours({ hours: [span] }).includes(time), isIn, `${wall} in ${span}`);
      }),
    );
  });
});

describe('the form of peak hours', () => {
  test('takes spans of a day only', () => {
    const pattern = new RegExp(HOURS_PATTERN);
    for (const span of ['00:00-24:00', '09:30-18:00', '23:59-24:00']) assert.match(span, pattern);
    for (const span of ['9:30-18:00', '24:00-24:00', '09:60-10:00', '09:00-24:01', '09:00', '09:00 - 10:00', ''])
      assert.doesNotMatch(span, pattern);
  });

  test('takes days only', () => {
    const pattern = new RegExp(DAY_PATTERN);
    for (const day of ['2026-10-01', '2026-12-31']) assert.match(day, pattern);
    for (const day of ['2026-13-01', '2026-00-01', '2026-10-32', '26-10-01', '2026-10-1', '2026/10/01'])
      assert.doesNotMatch(day, pattern);
  });

  test('finds spans that end before they begin, and days that no calendar has', () => {
    const settings = { hours: ['01:00-04:00'], days: [...WEEKDAYS], except: ['2028-02-29'] };
    assert.equal(findPeakHoursProblem(settings), undefined);
    for (const span of ['04:00-01:00', '04:00-04:00', '22:00-02:00']) {
      assert.match(findPeakHoursProblem({ ...settings, hours: ['01:00-02:00', span] }) ?? '', new RegExp(span));
    }
    for (const day of ['2026-02-29', '2026-04-31', '2027-06-31']) {
      assert.match(findPeakHoursProblem({ ...settings, except: [day] }) ?? '', new RegExp(day));
    }
  });
});

function writeTime(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
