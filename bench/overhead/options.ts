/** What can be chosen on the command line. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryPath } from '../support/repository.js';
import type { Contender } from './contenders/contender.js';
import { CONTENDERS } from './contenders/index.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { WORKERS } from './workers.js';

/** What is to be run. */
export interface Options {
  rounds: number;
  /** Rounds in which all contenders and scenarios take part; the others leave out rare ones. */
  peerRounds: number;
  /** The measured time of each load, in seconds. */
  seconds: number;
  contenders: readonly Contender[];
  scenarios: readonly Scenario[];
  /** Whether two workers are compared with one. */
  hasWorkers: boolean;
  /** Binaries of peers that are not installed by this command. */
  binaries: Record<string, string | undefined>;
  /** Names the files of results. */
  date: string;
  /** A file of results from which the page is written, in place of measuring. */
  page?: string;
}

const SCENARIO_NAMES = [...SCENARIOS.map(({ name }) => name), WORKERS];

/** The text of `--help`. */
export const USAGE = `Usage: npm run bench:overhead -- [options]

  --rounds N          default 9
  --peer-rounds N     rounds in which peers, plumb-free and slow scenarios take part; default 3
  --seconds N         measured time of each load; default 1
  --contenders LIST   of ${CONTENDERS.map(({ name }) => name).join(',')}; default all
  --scenarios LIST    of ${SCENARIO_NAMES.join(',')}; default all
  --bifrost FILE      use this binary in place of \`go install\`
  --gomodel FILE      the same for GoModel
  --date YYYY-MM-DD   names the files of results; default: today
  --page FILE         measure nothing: write tables and plots of docs/benchmarks/overhead.md from such a .json
`;

/** Reads the options. Returns undefined when help was asked for; throws, with a sentence for the user, on what is wrong. */
export function readOptions(words: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string', default: '9' },
      'peer-rounds': { type: 'string', default: '3' },
      seconds: { type: 'string', default: '1' },
      contenders: { type: 'string', default: CONTENDERS.map(({ name }) => name).join(',') },
      scenarios: { type: 'string', default: SCENARIO_NAMES.join(',') },
      bifrost: { type: 'string' },
      gomodel: { type: 'string' },
      date: { type: 'string', default: new Date().toISOString().slice(0, 10) },
      page: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const chosen = pick('--scenarios', values.scenarios, SCENARIO_NAMES);
  const names = pick(
    '--contenders',
    values.contenders,
    CONTENDERS.map(({ name }) => name),
  );
  return {
    rounds: readNumber('--rounds', values.rounds, Number.isInteger),
    peerRounds: readNumber('--peer-rounds', values['peer-rounds'], Number.isInteger),
    seconds: readNumber('--seconds', values.seconds),
    contenders: CONTENDERS.filter(({ name }) => names.includes(name)),
    scenarios: SCENARIOS.filter(({ name }) => chosen.includes(name)),
    hasWorkers: chosen.includes(WORKERS),
    binaries: { bifrost: resolvePath(values.bifrost), gomodel: resolvePath(values.gomodel) },
    date: readDate(values.date),
    ...(values.page === undefined ? {} : { page: resolvePath(values.page)! }),
  };
}

/** Paths are seen from where the user is. */
function resolvePath(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(process.env.INIT_CWD ?? repositoryPath(''), path);
}

function readNumber(option: string, text: string, isGood: (value: number) => boolean = () => true): number {
  const value = Number(text);
  if (!(value > 0 && value < 10_000 && isGood(value)))
    throw new Error(`${option} takes numbers above 0, not "${text}".`);
  return value;
}

function readDate(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}[\w-]*$/.test(text)) throw new Error(`--date takes a day such as 2026-11-26, not "${text}".`);
  return text;
}

function pick(option: string, text: string, all: readonly string[]): string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`${option} knows ${all.join(', ')}; not "${unknown}".`);
  return names;
}
