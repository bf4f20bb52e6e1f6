/** What can be chosen on the command line. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly minutes: number;
  /** Requests a second. */
  readonly rate: number;
  /** Between two looks at the server, in ms. */
  readonly sampleMs: number;
  /** The picture of the samples. */
  readonly svg: string | undefined;
  readonly json: string | undefined;
}

/** The text of `--help`. */
export const USAGE = `Usage: npm run bench:soak -- [options]

  --minutes N     how long; default 20
  --rate N        requests a second; default 300
  --sample-s N    seconds between two samples; default 5
  --svg FILE      draw the samples, such as docs/benchmarks/soak.svg
  --json FILE     write the samples and the verdict
`;

/** Undefined when help was asked for; throws, with a sentence for the user, on what is wrong. */
export function readOptions(): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { minutes: text, rate: text, 'sample-s': text, svg: text, json: text, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  return {
    minutes: readNumber('minutes', values.minutes ?? '20'),
    rate: readNumber('rate', values.rate ?? '300'),
    sampleMs: readNumber('sample-s', values['sample-s'] ?? '5') * 1000,
    svg: values.svg,
    json: values.json,
  };
}

function readNumber(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} must be a number above 0, not ${text}.`);
  return number;
}
