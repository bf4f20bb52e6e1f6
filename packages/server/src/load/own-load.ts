/** Watches the generator itself: figures that it was too busy to take are worth nothing, and must not look like others. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '@plumb/client';
import { LogHistogram } from './log-histogram.js';

/** How busy the generator was in the measured time. */
export interface OwnLoad {
  /** How much later than they should the event loop took up timers, in ms. */
  readonly loopDelay: LogHistogram;
  /** Which part of the time the event loop was at work: 0 to 1. */
  readonly utilization: number;
  /** CPU time of the process over the time that passed; more than 1 when several threads were at work. */
  readonly cpu: number;
}

/** The process, as far as it is watched. */
export interface ProcessMeter {
  /** CPU time that the process has used so far, in ms. */
  cpuMs(): number;
  /** Time that the event loop was at work so far, in ms. */
  busyMs(): number;
}

export const systemMeter: ProcessMeter = {
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  busyMs: () => performance.eventLoopUtilization().active,
};

const SAMPLE_MS = 20;
/** Beyond one of these the generator was a bottleneck: its own delay is a part of what it measured. */
export const LOOP_DELAY_P99_MAX_MS = 20;
export const UTILIZATION_MAX = 0.9;

export class OwnLoadWatch {
  readonly #clock: Clock;
  readonly #meter: ProcessMeter;
  readonly #startedAt: number;
  readonly #cpuMs: number;
  readonly #busyMs: number;
  readonly #loopDelay = new LogHistogram();
  #cancel = () => {};

  /** Watches from now on. */
  constructor(clock: Clock, meter: ProcessMeter) {
    this.#clock = clock;
    this.#meter = meter;
    this.#startedAt = clock.now();
    this.#cpuMs = meter.cpuMs();
    this.#busyMs = meter.busyMs();
    this.#wait();
  }

  read(): OwnLoad {
    const passedMs = Math.max(this.#clock.now() - this.#startedAt, 1);
    return {
      loopDelay: this.#loopDelay,
      utilization: (this.#meter.busyMs() - this.#busyMs) / passedMs,
      cpu: (this.#meter.cpuMs() - this.#cpuMs) / passedMs,
    };
  }

  stop(): OwnLoad {
    this.#cancel();
    return this.read();
  }

  #wait(): void {
    const dueAt = this.#clock.now() + SAMPLE_MS;
    this.#cancel = this.#clock.after(SAMPLE_MS, () => {
      // A timer that was held up stands for those too that would have been due meanwhile.
      const delayMs = Math.max(0, this.#clock.now() - dueAt);
      for (let delay = delayMs; delay >= 0; delay -= SAMPLE_MS) this.#loopDelay.add(delay);
      this.#wait();
    });
  }
}

/** Whether the generator was too busy for its figures to be trusted. */
export function isBottleneck({ loopDelay, utilization }: OwnLoad): boolean {
  return loopDelay.quantile(0.99) > LOOP_DELAY_P99_MAX_MS || utilization > UTILIZATION_MAX;
}
