/**
 * Preloaded with `node --import`: time passes faster in this process, by the factor in `PLUMB_TIME_SCALE`, for all code
 * alike, so that waits of a minute are measured in seconds. Processes with the same `PLUMB_TIME_BEGIN` (ms since the
 * epoch) agree about the time. What is not faster: the processor, the network, `new Date()`, and timers inside Node itself.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

const scale = Number(process.env.PLUMB_TIME_SCALE ?? 1);
const begin = Number(process.env.PLUMB_TIME_BEGIN ?? Date.now());
const MILLISECOND_NS = 1_000_000;

if (scale !== 1) install();

function install(): void {
  installClocks();
  installTimers();
  syncBuiltinESMExports();
}

function installClocks(): void {
  const realOrigin = performance.timeOrigin;
  const realNow = performance.now.bind(performance);
  const realBigint = process.hrtime.bigint.bind(process.hrtime);
  const origin = begin + (realOrigin - begin) * scale;
  const define = (name: string, value: unknown) => Object.defineProperty(performance, name, { value, writable: true });
  define('timeOrigin', origin);
  define('now', () => realNow() * scale);
  Date.now = () => Math.floor(origin + realNow() * scale);
  const hrtime = (since?: [number, number]): [number, number] => {
    const now = BigInt(Math.round(Number(realBigint()) * scale));
    const [seconds, rest] = [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)];
    if (since === undefined) return [seconds, rest];
    const passed = (seconds - since[0]) * 1000 * MILLISECOND_NS + rest - since[1];
    return [Math.floor(passed / 1e9), passed % 1e9];
  };
  process.hrtime = Object.assign(hrtime, { bigint: () => BigInt(Math.round(Number(realBigint()) * scale)) });
}

/**
 * The time that a timer of the platform must wait, in ms. They keep whole ms and may be early by a part of one, which
 * would be `scale` times as much here: one ms more, so that nobody wakes before his time.
 */
function shorten(delayMs: unknown): number {
  const delay = Number(delayMs ?? 0);
  return delay > 1 ? Math.ceil(delay / scale) + 1 : 1;
}

function installTimers(): void {
  const { setTimeout: realTimeout, setInterval: realInterval } = timers;
  const { setTimeout: realSleep, setInterval: realTicks } = timersPromises;
  const fakes = {
    setTimeout: (call: () => void, delayMs?: number, ...given: []) => realTimeout(call, shorten(delayMs), ...given),
    // An interval has no drift that adds up: its mean must be right.
    setInterval: (call: () => void, delayMs?: number, ...given: []) =>
      realInterval(call, Math.max(1, Math.round(Number(delayMs ?? 1) / scale)), ...given),
  };
  const sleep: typeof realSleep = (delayMs, ...given) => realSleep(shorten(delayMs), ...given);
  const ticks: typeof realTicks = (delayMs, ...given) => realTicks(Math.max(1, Number(delayMs ?? 1) / scale), ...given);
  Object.defineProperty(fakes.setTimeout, promisify.custom, { value: sleep });
  Object.assign(globalThis, fakes);
  Object.assign(timers, fakes);
  Object.assign(timersPromises, { setTimeout: sleep, setInterval: ticks });
  timersPromises.scheduler.wait = (delayMs, options) => sleep(delayMs, undefined, options);
  const realSignal = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (delayMs) => realSignal(shorten(delayMs));
}
