/** The list of cases: for people, and as the table of the guide. */
import type { CheckCase } from '../case.js';
import { SOURCES } from '../sources.js';
import { renderTable } from './render-markdown.js';

/** A line for each case. */
export function renderList(cases: readonly CheckCase[]): string {
  const width = cases.reduce((widest, { id }) => Math.max(widest, id.length), 0);
  return cases.map(({ id, cost, rule }) => `${id.padEnd(width)}  ${cost.padEnd(5)}  ${rule}`).join('\n');
}

/** A table of Markdown with all that is known of each case. */
export function renderListTable(cases: readonly CheckCase[]): string {
  const rows = cases.map(({ id, rule, profiles, cost, sources }) => [
    `\`${id}\``,
    rule,
    profiles.join(', '),
    cost,
    sources.map((source) => `[${SOURCES[source].title}](${SOURCES[source].url})`).join(', '),
  ]);
  return renderTable(['case', 'rule', 'profiles', 'cost', 'source'], rows).join('\n');
}
