/** `plumb load compare`: two reports side by side. */
import { readFile } from 'node:fs/promises';
import { type Comparison, compareReports, differingParameters, type Estimate } from '../../load/compare.js';
import { formatMs, formatRate, formatShare } from '../../load/report/format.js';
import { type LoadReport, parseLoadReport } from '../../load/report/load-report.js';
import { CliError, ExitCode } from '../exit-code.js';
import { printJson, printTable, remark } from '../print.js';

const FORMATS: Readonly<Record<Comparison['unit'], (value: number) => string>> = {
  ms: formatMs,
  'per second': formatRate,
  share: formatShare,
};

export interface CompareFlags {
  readonly format: 'table' | 'json';
}

/** Rejects with a CliError when a file is no report. */
export async function compareLoads(firstPath: string, secondPath: string, { format }: CompareFlags): Promise<void> {
  const first = await readReport(firstPath);
  const second = await readReport(secondPath);
  const rows = compareReports(first, second);
  const differing = differingParameters(first, second);
  if (format === 'json') return printJson({ comparisons: rows.map(toRecord), differing_parameters: differing });
  printTable(['', 'first', 'second', 'second / first', '95 % of chance', ''], rows.map(renderRow));
  if (rows.length === 0) remark('The two have no figure in common.');
  if (differing.length > 0) remark(`Note: they are loads of different kinds; they differ in ${differing.join(', ')}.`);
}

async function readReport(path: string): Promise<LoadReport> {
  const text = await readFile(path, 'utf8');
  try {
    return parseLoadReport(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'It is no JSON.' : (error as Error).message;
    throw new CliError(`${path} cannot be compared: ${reason}`, ExitCode.usage);
  }
}

function renderRow({ name, unit, first, second, ratio, isDifferent }: Comparison): string[] {
  const format = FORMATS[unit];
  const bounds = `${ratio.low.toFixed(2)} to ${Number.isFinite(ratio.high) ? ratio.high.toFixed(2) : '…'}`;
  const verdict = isDifferent ? (ratio.value > 1 ? 'more' : 'less') : 'no difference';
  return [name, format(first.value), format(second.value), ratio.value.toFixed(2), bounds, verdict];
}

function toRecord({ isDifferent, first, second, ratio, ...row }: Comparison): object {
  return {
    ...row,
    first: toBounds(first),
    second: toBounds(second),
    ratio: toBounds(ratio),
    is_different: isDifferent,
  };
}

/** JSON has no Infinity. */
function toBounds({ value, low, high }: Estimate): object {
  return { value, low, high: Number.isFinite(high) ? high : null };
}
