/** The clock that the stub upstream and the load generator share. */

/** Microseconds of the monotonic clock, whose beginning is the same for all processes of the machine. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
