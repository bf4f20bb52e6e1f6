/** The report as a page to publish. */
import type { Outcome } from '../case.js';
import { byGroup, countOutcomes, describeSpent, type Report } from './report.js';

const RESULTS: Readonly<Record<Outcome, string>> = { pass: 'pass', fail: '**fail**', warn: 'warn', skip: 'skip' };

/** A page that ends with a line end. */
export function renderMarkdown(report: Report): string {
  const { endpoint, profile, model, at, results } = report;
  const groups = byGroup(results).map(([group, own]) => [group, ...Object.values(countOutcomes(own)).map(String)]);
  const total = ['**all**', ...Object.values(countOutcomes(results)).map(String)];
  const cases = results.map(({ id, outcome, rule, expected, came }) => [
    `\`${id}\``,
    RESULTS[outcome],
    rule,
    outcome === 'pass' ? '' : describe(expected, came),
  ]);
  return [
    `# Conformance of ${escapeCell(endpoint)}`,
    '',
    `Profile \`${profile}\`, model \`${escapeCell(model)}\`, ${at.slice(0, 10)}, by \`plumb check\`: ${describeSpent(report)}.`,
    '',
    ...renderTable(['group', 'pass', 'fail', 'warn', 'skip'], [...groups, total]),
    '',
    ...renderTable(['case', 'result', 'rule', ''], cases),
    '',
  ].join('\n');
}

/** The lines of a table. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function describe(expected: string | undefined, came = ''): string {
  return expected === undefined ? came : `expected ${expected}; came ${came}`;
}

/** What would end a cell or begin a tag. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
