/** Says what makes the figures of a load less than they seem. */
import { LATE_MS } from '../recorder.js';
import { formatCount, formatMs, formatShare } from './format.js';
import type { LoadReport } from './load-report.js';

/** Below so many answers, the 99th percentile is the largest value. */
const P99_ANSWERS = 100;
/** Late starts beyond this part of all are worth a word. */
const LATE_SHARE = 0.01;

export function findWarnings(report: Omit<LoadReport, 'warnings'>): string[] {
  const { requests, generator } = report;
  const sent = requests.due - requests.dropped;
  const warnings: (string | false)[] = [
    report.end === 'refused' && 'Stopped early: the endpoint refused the first requests for good.',
    report.end === 'stopped' && 'Stopped before its end: this is what was measured until then.',
    generator.is_bottleneck &&
      `The generator, or its machine, was a bottleneck (event loop p99 ${formatMs(generator.loop_delay_p99_ms)}, busy for ` +
        `${formatShare(generator.utilization)} of the time): the latencies contain its own. Lower the rate, or share it ` +
        'among several machines.',
    sent > 0 &&
      requests.late / sent > LATE_SHARE &&
      `${formatCount(requests.late)} of ${formatCount(sent)} requests were sent more than ${LATE_MS} ms late; their ` +
        'latencies count from when they were due.',
    requests.dropped > 0 &&
      `${formatCount(requests.dropped)} requests were dropped at the most in flight: the endpoint did not keep up, and the ` +
        'latencies are those of the others alone. Goodput counts the dropped ones.',
    requests.unfinished > 0 &&
      `${formatCount(requests.unfinished)} requests were given up unfinished; the slowest ones are missing.`,
    requests.without_usage > 0 &&
      `${formatCount(requests.without_usage)} answers did not say what they used: their tokens are counted by events.`,
    requests.answered > 0 &&
      requests.answered < P99_ANSWERS &&
      `Only ${formatCount(requests.answered)} answers: the p99 is the longest of them.`,
  ];
  return warnings.filter((warning) => warning !== false);
}
