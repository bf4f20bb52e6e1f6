/** What can be chosen on the command line. */
import { parseArgs } from 'node:util';
import type { Contender } from './client/contenders/contender.js';
import { CONTENDERS } from './client/contenders/index.js';
import { HINTS, type Hints } from './client/settings.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly Contender[];
  readonly hints: readonly Hints[];
  readonly seeds: readonly number[];
  /** How many times faster than real time, in real processes; virtual time without. */
  readonly timeScale?: number;
  /** Names the files of results; nothing is written without. */
  readonly name?: string;
  /** A file of results that is drawn and shown again, in place of measuring. */
  readonly draw?: string;
}

/** The text of `--help`. */
export const USAGE = `Usage: npm run bench:batch -- [options]

  --scenarios LIST    of ${SCENARIOS.map(({ name }) => name).join(',')}; default all
  --contenders LIST   of ${CONTENDERS.map(({ name }) => name).join(',')}; default all
  --hints LIST        of ${HINTS.join(',')}; default all
  --seeds LIST        default 1,2,3
  --time-scale N      in real processes, with time that passes N times faster; default: in virtual time
  --save NAME         write bench/results/batch-NAME.json and .txt; a day such as 2026-11-25
  --draw FILE         measure nothing: show the tables of such a .json, and draw the plots in docs/benchmarks
`;

/** Undefined when help was asked for; throws, with a sentence for the user, on what is wrong. */
export function readOptions(words: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...words],
    options: {
      scenarios: { type: 'string' },
      contenders: { type: 'string' },
      hints: { type: 'string' },
      seeds: { type: 'string', default: '1,2,3' },
      'time-scale': { type: 'string' },
      save: { type: 'string' },
      draw: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { save, draw, 'time-scale': timeScale } = values;
  if (save !== undefined && !/^[\w-]+$/.test(save)) throw new Error('--save takes a name such as 2026-11-25.');
  return {
    scenarios: pick('--scenarios', values.scenarios, SCENARIOS, ({ name }) => name),
    contenders: pick('--contenders', values.contenders, CONTENDERS, ({ name }) => name),
    hints: pick('--hints', values.hints, HINTS, (name) => name),
    seeds: values.seeds.split(',').map((text) => readNumber('--seeds', text)),
    ...(timeScale !== undefined && { timeScale: readNumber('--time-scale', timeScale) }),
    ...(save !== undefined && { name: save }),
    ...(draw !== undefined && { draw }),
  };
}

function readNumber(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1000)) throw new Error(`${option} takes numbers from 0 to 1000, not "${text}".`);
  return value;
}

/** The chosen ones, in the order of `all`. */
function pick<Item>(option: string, text: string | undefined, all: readonly Item[], nameOf: (item: Item) => string) {
  if (text === undefined) return all;
  const names = text.split(',');
  const unknown = names.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined) throw new Error(`${option} knows ${all.map(nameOf).join(', ')}; not "${unknown}".`);
  return all.filter((item) => names.includes(nameOf(item)));
}
