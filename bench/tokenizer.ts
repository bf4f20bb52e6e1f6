/**
 * The tokenizer benchmark: speed, time to load, memory, hostile text and the errors of estimates. With
 * `--tokenizer-json FILE`, DeepSeek's original, it compares with the Rust tokenizer of Hugging Face; with `--texts FOLDER`
 * it also reads the .txt files of a folder. Contenders run in fresh processes, one after the other.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { estimateTokens } from '@plumb/client';
import { loadDeepSeekTokenizer } from '@plumb/client/tokenizer';
import { type ContenderName, contenderNames, loadContender } from './tokenizer/contenders.js';
import { cut, hostileTexts, readTexts } from './tokenizer/texts.js';

const ROUNDS = 5;
/** Passes over a text that the first one is compared with. */
const PASSES = 6;
const MEGABYTE = 1e6;
/** Pieces for which the errors of estimates are averaged, in UTF-16 units. */
const ESTIMATED_PIECE = 700;

/** What a fresh process finds. Times in ms. */
interface Run {
  load: number;
  loadedMemory: number;
  memory: number;
  /** Tokens a ms of each text, in the first pass and in the best. */
  first: number[];
  best: number[];
  hostile: number[];
}

const { values } = parseArgs({
  options: { 'tokenizer-json': { type: 'string' }, texts: { type: 'string' }, contender: { type: 'string' } },
});
const tokenizerJson = values['tokenizer-json'];

async function main(): Promise<void> {
  const names = contenderNames(tokenizerJson);
  const runs = new Map(names.map((name) => [name, [] as Run[]]));
  for (let round = 0; round < ROUNDS; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) runs.get(name)?.push(await runApart(name));
  const best = names.map((name) => bestOf(runs.get(name) ?? []));
  const texts = readTexts(values.texts).map(({ name }) => name);
  const column = (read: (run: Run) => string) => best.map(read);
  print('The best of five fresh processes', [
    ['', ...names],
    ['load, ms', ...column(({ load }) => load.toFixed(0))],
    ['memory when loaded, MB more', ...column(({ loadedMemory }) => loadedMemory.toFixed(0))],
    ['memory at the end, MB more', ...column(({ memory }) => memory.toFixed(0))],
  ]);
  print('Thousand tokens a second, in the first pass / in the best of later ones', [
    ['', ...names],
    ...texts.map((text, at) => [
      text,
      ...column(({ first, best }) => `${first[at]!.toFixed(0)} / ${best[at]!.toFixed(0)}`),
    ]),
  ]);
  print('200 KB of hostile text at once, ms', [
    ['', ...names],
    ...hostileTexts().map(({ name }, at) => [name, ...column(({ hostile }) => hostile[at]!.toFixed(1))]),
  ]);
  print('Longest slice of countAsync, ms', await measureSlices());
  print(
    `Errors of estimates, of the whole text / mean of pieces of ${ESTIMATED_PIECE} units`,
    await measureEstimates(),
  );
}

/** Measures one contender, in a process that has done nothing else. */
async function measure(name: ContenderName): Promise<Run> {
  const memory = () => process.memoryUsage.rss() / MEGABYTE;
  const texts = readTexts(values.texts).map(({ text }) => cut(text));
  const before = memory();
  const started = performance.now();
  const contender = await loadContender(name, tokenizerJson);
  await contender.count('Hello');
  const run: Run = {
    load: performance.now() - started,
    loadedMemory: memory() - before,
    memory: 0,
    first: [],
    best: [],
    hostile: [],
  };
  const pass = async (pieces: readonly string[]) => {
    const passStarted = performance.now();
    let tokens = 0;
    for (const piece of pieces) tokens += await contender.count(piece);
    return tokens / (performance.now() - passStarted);
  };
  for (const pieces of texts) {
    run.first.push(await pass(pieces));
    const later = [];
    for (let index = 0; index < PASSES; index++) later.push(await pass(pieces));
    run.best.push(Math.max(...later));
  }
  run.memory = memory() - before;
  for (const { text } of hostileTexts()) {
    const hostileStarted = performance.now();
    await contender.count(text);
    run.hostile.push(performance.now() - hostileStarted);
  }
  return run;
}

async function runApart(name: ContenderName): Promise<Run> {
  const self = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--contender', name];
  const { stdout } = await promisify(execFile)(process.execPath, self, { maxBuffer: MEGABYTE });
  return JSON.parse(stdout) as Run;
}

/** The best of each figure: others on the machine only ever make it worse. */
function bestOf(runs: readonly Run[]): Run {
  const least = (read: (run: Run) => number) => Math.min(...runs.map(read));
  const each = (read: (run: Run) => number[], choose: (...figures: number[]) => number) =>
    read(runs[0]!).map((_, at) => choose(...runs.map((run) => read(run)[at]!)));
  return {
    load: least(({ load }) => load),
    loadedMemory: least(({ loadedMemory }) => loadedMemory),
    memory: least(({ memory }) => memory),
    first: each(({ first }) => first, Math.max),
    best: each(({ best }) => best, Math.max),
    hostile: each(({ hostile }) => hostile, Math.min),
  };
}

/** How long the event loop stood still, in the best of some runs. */
async function measureSlices(): Promise<string[][]> {
  const rows = [];
  for (const { name, text } of hostileTexts()) {
    const longest = [];
    for (let round = 0; round < ROUNDS; round++) longest.push(await longestSlice(text));
    rows.push([name, Math.min(...longest).toFixed(1), Math.max(...longest).toFixed(1)]);
  }
  return [['', 'best run', 'worst run'], ...rows];
}

async function longestSlice(text: string): Promise<number> {
  let longest = 0;
  let since = performance.now();
  const look = () => {
    longest = Math.max(longest, performance.now() - since);
    since = performance.now();
  };
  const clock = {
    now: () => performance.now(),
    after(delayMs: number, call: () => void) {
      look();
      const timer = setTimeout(() => {
        since = performance.now();
        call();
      }, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const tokenizer = await loadDeepSeekTokenizer(clock);
  since = performance.now();
  await tokenizer.countAsync(text);
  look();
  return longest;
}

async function measureEstimates(): Promise<string[][]> {
  const tokenizer = await loadDeepSeekTokenizer();
  const ways: [string, (text: string) => number][] = [
    ['estimateTokens', estimateTokens],
    ['characters / 4', (text) => text.length / 4],
    [
      '0.3 and 0.6 a character',
      (text) => [...text].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 0.6 : 0.3), 0),
    ],
  ];
  const rows = readTexts(values.texts).map(({ name, text }) => [
    name,
    ...ways.map(([, estimate]) => {
      const errors = cut(text, ESTIMATED_PIECE).map((piece) => Math.abs(estimate(piece) / tokenizer.count(piece) - 1));
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      return `${percent(estimate(text) / tokenizer.count(text) - 1)} / ${percent(mean)}`;
    }),
  ]);
  return [['', ...ways.map(([name]) => name)], ...rows];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function print(title: string, rows: readonly string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  process.stdout.write(`${title}\n${lines.join('\n')}\n\n`);
}

if (values.contender === undefined) await main();
else process.stdout.write(JSON.stringify(await measure(values.contender as ContenderName)));
