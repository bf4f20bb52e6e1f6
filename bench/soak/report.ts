/** The outcome of a soak in words, and as a picture. */
import { drawLineChart } from '../support/line-chart.js';
import { formatTable } from '../support/text-table.js';
import type { Books } from './books.js';
import type { Judgement } from './judge.js';
import type { Tally } from './traffic.js';
import type { Sample } from './watch.js';

export interface Outcome {
  readonly judgements: readonly Judgement[];
  readonly tallies: ReadonlyMap<string, Tally>;
  /** Requests that could not be sent at the rate. */
  readonly skipped: number;
  readonly books: Books;
  readonly exitCode: number | null;
}

/** Everything that must not be, a sentence each; nothing when the soak was passed. */
export function findProblems({ judgements, tallies, skipped, books, exitCode }: Outcome): string[] {
  const grown = judgements.filter(({ grows }) => grows);
  const wrong = [...tallies].filter(([, tally]) => tally.wrong > 0);
  return [
    ...grown.map(({ gauge, certainGrowth }) => `${gauge} grew by ${certainGrowth.toFixed(1)} for certain.`),
    ...wrong.map(([name, tally]) => `${name}: ${tally.wrong} of ${tally.sent} answers were wrong.`),
    ...(skipped > 0 ? [`${skipped} requests could not be sent: the rate is too high.`] : []),
    ...(books.imbalances > 0 ? [`${books.imbalances} balances are not the sums of their entries.`] : []),
    ...(books.holds > 0 ? [`${books.holds} holds are left.`] : []),
    ...(books.claims > 0 ? [`${books.claims} idempotency keys are left claimed without an answer.`] : []),
    ...(exitCode === 0 ? [] : [`The server ended with exit code ${exitCode}.`]),
  ];
}

export function formatOutcome(outcome: Outcome): string {
  const { judgements, tallies, books } = outcome;
  const gauges = judgements.map(({ gauge, first, last, slope, low, high, grows }) => [
    ...[gauge, first.toFixed(1), last.toFixed(1), slope.toFixed(1), `${low.toFixed(1)} to ${high.toFixed(1)}`],
    grows ? 'GROWS' : 'no',
  ]);
  const kinds = [...tallies].map(([name, { sent, statuses, wrong }]) => [
    ...[
      name,
      String(sent),
      [...statuses]
        .sort()
        .map(([status, count]) => `${status}: ${count}`)
        .join(', '),
    ],
    String(wrong),
  ]);
  const bookLine = Object.entries(books).map(([name, count]) => `${name} ${count}`);
  return [
    formatTable([['gauge', 'first', 'last', 'an hour', '95 % interval', 'grows'], ...gauges]),
    formatTable([['requests', 'sent', 'answers by status', 'wrong'], ...kinds]),
    `Books: ${bookLine.join(', ')}.`,
    '',
  ].join('\n\n');
}

/** Memory over time; the rest is in the table. */
export function drawSamples(samples: readonly Sample[], warmUpS: number): string {
  const line = (name: string, read: (sample: Sample) => number) => ({
    name,
    points: samples.map((sample) => [sample.at / 60, read(sample)] as const),
  });
  return drawLineChart({
    title: 'A server under steady load: what it holds',
    xLabel: 'minutes',
    yLabel: 'MB, or number',
    lines: [
      line('resident memory, MB', ({ resident }) => resident),
      line('heap used, MB', ({ heap }) => heap),
      line('open descriptors', ({ descriptors }) => descriptors),
      line('ledger backlog', ({ backlog }) => backlog),
    ],
    shaded: { from: 0, to: warmUpS / 60, name: 'warm-up' },
  });
}
