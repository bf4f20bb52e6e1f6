/** Writes the tables and plots of docs/benchmarks/overhead.md from the results of a run. */
import { readFile, writeFile } from 'node:fs/promises';
import { type Bar, drawBarChart } from '../support/bar-chart.js';
import { repositoryPath } from '../support/repository.js';
import type { FigureName } from './figures.js';
import { describeFailures } from './report.js';
import type { Results } from './results.js';
import { Summary } from './summary.js';
import { makeTables, type Table } from './tables.js';
import { makeTargetTable } from './targets.js';

const FOLDER = 'docs/benchmarks';
const PAGE = `${FOLDER}/overhead.md`;

/** A plot: one figure of one scenario, a bar for each contender. */
interface Plot {
  name: string;
  title: string;
  scenario: string;
  figure: FigureName;
  unit: string;
}

const PLOTS: readonly Plot[] = [
  {
    name: 'overhead-requests',
    title: 'Requests a second on one core, buffered, 32 connections',
    scenario: 'closed-32',
    figure: 'requestsPerSecond',
    unit: '',
  },
  {
    name: 'overhead-cpu',
    title: 'CPU time of a buffered request, 32 connections',
    scenario: 'closed-32',
    figure: 'cpuUsPerRequest',
    unit: 'µs',
  },
  {
    name: 'overhead-chunk',
    title: 'CPU time of a chunk, 1000 streams of 20 chunks a second',
    scenario: 'paced-1000',
    figure: 'cpuUsPerChunk',
    unit: 'µs',
  },
  {
    name: 'overhead-first-chunk',
    title: 'Time to the first chunk, one stream at a time',
    scenario: 'first-chunk',
    figure: 'firstChunkP50Ms',
    unit: 'ms',
  },
];

/** Replaces what is between the markers of the page, and draws the plots beside it. */
export async function writePage(results: Results): Promise<void> {
  for (const plot of PLOTS) {
    const bars = listBars(results, plot);
    if (bars.length === 0) continue;
    await writeFile(
      repositoryPath(`${FOLDER}/${plot.name}.svg`),
      drawBarChart({ title: plot.title, unit: plot.unit, bars }),
    );
  }
  const path = repositoryPath(PAGE);
  const page = await readFile(path, 'utf8');
  const filled = [
    ['contenders', writeContenders(results)],
    ['targets', writeMarkdown(makeTargetTable(results))],
    [
      'tables',
      makeTables(results)
        .map((table) => `**${table.title}**\n\n${writeMarkdown(table)}`)
        .join('\n\n'),
    ],
  ].reduce((text, [name, content]) => fill(text, name!, content!), page);
  await writeFile(path, filled);
}

function listBars({ measurements, contenders }: Results, { scenario, figure }: Plot): Bar[] {
  const summary = new Summary(measurements);
  return contenders.flatMap(({ name }) => {
    const value = summary.spreadOf({ contender: name, scenario, figure });
    return value === undefined ? [] : [{ name, value: value.median, min: value.min, max: value.max }];
  });
}

function writeContenders({ contenders, skipped, machine, settings, date, measurements }: Results): string {
  const rows = contenders.map(({ name, version, duties }) => [name, duties, version]);
  const missing = skipped.map(({ name, reason }) => `Skipped: ${name}: ${reason}`);
  const failures = describeFailures(measurements).map((line) => line.replaceAll('\n', ' '));
  const where = `${date}, ${machine.processors} × ${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, commit \`${machine.commit?.slice(0, 12) ?? 'unknown'}\`; settings \`${JSON.stringify(settings)}\`.`;
  return [
    where,
    writeMarkdown({ title: '', head: ['', 'what it does', 'version'], rows, leftColumns: 3 }),
    ...missing,
    ...failures,
  ].join('\n\n');
}

function writeMarkdown({ head, rows, leftColumns = 1 }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column < leftColumns ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** Markers are comments: `<!-- tables -->` and `<!-- /tables -->`. */
function fill(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, ...rest] = page.split(begin);
  const after = rest.join(begin).split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no markers ${begin} and ${end}.`);
  return `${before}${begin}\n${content}\n${end}${after}`;
}
