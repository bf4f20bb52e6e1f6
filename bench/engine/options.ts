/** What can be chosen on the command line. */
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryPath } from '../support/repository.js';
import { LOAD_CASES, type LoadCase } from './workload.js';

/** Names of contenders, in the order of the first round. */
export const CONTENDER_NAMES = ['plumb', 'engine-alone', 'llama-server'] as const;

/** Name of a contender. */
export type ContenderName = (typeof CONTENDER_NAMES)[number];

/** What is to be run. */
export interface Options {
  rounds: number;
  widths: number[];
  /** Length of each measurement, in seconds. */
  seconds: number;
  contenders: ContenderName[];
  cases: LoadCase[];
  threads: number;
  modelPath: string;
  /** Foreign load, in processors, from which a measurement counts as noisy. */
  noise: number;
  /** How long to wait before each cell for the machine to be quiet, in seconds. */
  patience: number;
  /** Names the file of results. */
  date: string;
}

/** The text of `--help`. */
export const USAGE = `Usage: npm run bench:engine -- [options]

  --model FILE        the GGUF to load; default: PLUMB_MODEL
  --rounds N          default 5
  --widths LIST       streams at the same time; default 1,4,8,16
  --seconds N         length of each measurement; default 8
  --contenders LIST   of ${CONTENDER_NAMES.join(',')}; default all
  --cases LIST        of ${LOAD_CASES.map(({ name }) => name).join(',')}; default all
  --threads N         compute threads of every contender; default: the processors of the machine
  --noise N           processors busy with something else from which a measurement is noisy; default 0.15
  --patience N        the most seconds to wait for a quiet machine before a contender is started; default 0
  --date YYYY-MM-DD   names the file of results; default: today

LLAMA_SERVER=FILE uses that llama-server in place of building one.
`;

/** Reads the options. Returns undefined when help was asked for; throws, with a sentence for the user, on what is wrong. */
export async function readOptions(words: readonly string[]): Promise<Options | undefined> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      model: { type: 'string', default: process.env.PLUMB_MODEL ?? '' },
      rounds: { type: 'string', default: '5' },
      widths: { type: 'string', default: '1,4,8,16' },
      seconds: { type: 'string', default: '8' },
      contenders: { type: 'string', default: CONTENDER_NAMES.join(',') },
      cases: { type: 'string', default: LOAD_CASES.map(({ name }) => name).join(',') },
      threads: { type: 'string', default: String(availableParallelism()) },
      noise: { type: 'string', default: '0.15' },
      patience: { type: 'string', default: '0' },
      date: { type: 'string', default: new Date().toISOString().slice(0, 10) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rounds: readCount('--rounds', values.rounds),
    widths: values.widths.split(',').map((text) => readCount('--widths', text)),
    seconds: readNumber('--seconds', values.seconds),
    contenders: pick('--contenders', values.contenders, CONTENDER_NAMES, (name) => name),
    cases: pick('--cases', values.cases, LOAD_CASES, ({ name }) => name),
    threads: readCount('--threads', values.threads),
    modelPath: await readModelPath(values.model),
    noise: readNumber('--noise', values.noise),
    patience: readNumber('--patience', values.patience),
    date: readDate(values.date),
  };
}

function readCount(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes whole numbers from 1, not "${text}".`);
  return value;
}

function readNumber(option: string, text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new Error(`${option} takes a number from 0, not "${text}".`);
  return value;
}

function readDate(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new Error(`--date takes a day such as 2026-11-23, not "${text}".`);
  return text;
}

/** The chosen ones, in the order of `all`, whatever the order they were named in. */
function pick<Item>(option: string, text: string, all: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const names = text.split(',');
  const unknown = names.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined) throw new Error(`${option} knows ${all.map(nameOf).join(', ')}; not "${unknown}".`);
  return all.filter((item) => names.includes(nameOf(item)));
}

async function readModelPath(text: string): Promise<string> {
  if (text === '') throw new Error('Say which model to load: --model FILE or PLUMB_MODEL.');
  const path = resolve(process.env.INIT_CWD ?? repositoryPath(''), text);
  await access(path).catch(() => {
    throw new Error(`There is no model at ${path}.`);
  });
  return path;
}
