/** Scales of charts: from values to places, and the round values that are written beside them. */

export interface Axis {
  /** From 0 to 1; beyond for values that are beyond. */
  place(value: number): number;
  readonly ticks: readonly number[];
  format(value: number): string;
}

/** From 0 to a round value that is not below the largest. */
export function linearAxis(largest: number, format: (value: number) => string, ticksWanted = 4): Axis {
  const step = roundStep((largest > 0 ? largest : 1) / ticksWanted, [1, 2, 2.5, 5, 10]);
  const count = Math.max(1, Math.ceil((largest > 0 ? largest : 1) / step - 1e-9));
  const end = count * step;
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
  return { place: (value) => value / end, ticks, format };
}

/** Seconds from 0 to the last one, with steps as clocks have them. */
export function timeAxis(seconds: number): Axis {
  const end = Math.max(seconds, 1);
  const step = TIME_STEPS.find((size) => end / size <= 8) ?? roundStep(end / 8, [1, 2, 5, 10]);
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  return { place: (value) => value / end, ticks, format: formatTime };
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200];

/** Powers of ten from below the smallest value to above the largest; both more than 0. */
export function logAxis(smallest: number, largest: number, format: (value: number) => string): Axis {
  const from = Math.floor(Math.log10(smallest));
  const to = Math.max(from + 1, Math.ceil(Math.log10(largest)));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
  return { place: (value) => (Math.log10(value) - from) / (to - from), ticks, format };
}

/** `45 s`, `2:30` minutes. */
export function formatTime(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function roundStep(rough: number, factors: readonly number[]): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * (factors.find((factor) => factor * power >= rough - 1e-12) ?? 10);
}
