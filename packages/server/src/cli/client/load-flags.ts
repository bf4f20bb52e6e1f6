/** Reads the values of the flags of `plumb load`. Each throws an InvalidArgumentError. */
import { InvalidArgumentError } from 'commander';
import type { Stage } from '../../load/arrivals.js';
import { type Objective, readObjective } from '../../load/objective.js';
import type { ModelShare } from '../../load/request-mix.js';
import { readTokenLengths, type TokenLengths } from '../../load/token-lengths.js';

/** `poisson`, `uniform`, or the file of a trace. */
export type ArrivalsFlag = 'poisson' | 'uniform' | { readonly trace: string };

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** The longest time that a timer can hold, in ms: almost 25 days. */
const DURATION_MAX_MS = 2 ** 31 - 1;

/** `500ms`, `30s`, `5m` or `1h`, in ms. */
export function readDuration(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const durationMs = Number(amount) * (UNITS_MS[unit] ?? Number.NaN);
  if (durationMs <= DURATION_MAX_MS) return durationMs;
  throw new InvalidArgumentError('It must be a time with its unit, such as 500ms, 30s, 5m or 1h.');
}

/** `20rps`, `20/s`, `20` or `90rpm`, in requests a second. */
export function readRate(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(rps|rpm|\/s|\/min)?$/.exec(text.trim()) ?? [];
  const rate = Number(amount) / (unit === 'rpm' || unit === '/min' ? 60 : 1);
  if (rate <= 1_000_000) return rate;
  throw new InvalidArgumentError('It must be requests in a time, such as 20rps or 90rpm.');
}

/** `10rps:30s,20rps:1m`; a rate that changes steadily is `10rps..50rps:2m`. */
export function readStages(text: string): readonly Stage[] {
  return text.split(',').map((part) => {
    const [, from, to, duration] = /^([^:]+?)(?:\.\.([^:]+))?:([^:]+)$/.exec(part.trim()) ?? [];
    if (from === undefined || duration === undefined) throw new InvalidArgumentError(STAGES_FORM);
    const fromPerSecond = readRate(from);
    return {
      fromPerSecond,
      toPerSecond: to === undefined ? fromPerSecond : readRate(to),
      durationMs: readDuration(duration),
    };
  });
}

const STAGES_FORM = 'It must be rates with their times, such as 10rps:30s,20rps:1m, or 10rps..50rps:2m for a ramp.';

export function readArrivals(text: string): ArrivalsFlag {
  if (text === 'poisson' || text === 'uniform') return text;
  if (/\.csv$/i.test(text)) return { trace: text };
  throw new InvalidArgumentError('It must be poisson, uniform, or a trace whose name ends with .csv.');
}

/** `0.3` or `30%`, from 0 to 1. */
export function readShare(text: string): number {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text.trim()) ?? [];
  const share = Number(amount) / (percent === undefined ? 1 : 100);
  if (share <= 1) return share;
  throw new InvalidArgumentError('It must be a part of all, such as 0.3 or 30%.');
}

/** `id`, or `id=3` for three times as many requests; can be given several times. */
export function collectModel(text: string, earlier: readonly ModelShare[] = []): readonly ModelShare[] {
  const [, id = '', weight = '1'] = /^(.+?)(?:=(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
  if (id === '' || !(Number(weight) > 0))
    throw new InvalidArgumentError('It must be an id, or an id and its weight: id=3.');
  return [...earlier, { id, weight: Number(weight) }];
}

export function readLengthsFlag(text: string): TokenLengths {
  return readOrRefuse(() => readTokenLengths(text));
}

export function readObjectiveFlag(text: string): Objective {
  return readOrRefuse(() => readObjective(text));
}

/** Any whole number that fits into 32 bits. */
export function readSeed(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${2 ** 32 - 1}.`);
}

function readOrRefuse<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
