/** The report for people: a line for each group, and everything about what deviates. */
import type { CaseResult, Outcome } from '../case.js';
import { SOURCES } from '../sources.js';
import { byGroup, type Counts, countOutcomes, describeSpent, OUTCOMES, type Report } from './report.js';

/** Colours; functions that may change nothing. */
export interface Colors {
  green(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

const SIGNS: Readonly<Record<Outcome, string>> = { pass: '✓', fail: '✗', warn: '!', skip: '-' };
const WORDS: Readonly<Record<Outcome, string>> = { pass: 'passed', fail: 'failed', warn: 'warned', skip: 'skipped' };

/** The whole report, without a line end at its end. */
export function renderText(report: Report, colors: Colors): string {
  const { endpoint, profile, model, results } = report;
  const paint = painterOf(colors);
  const groups = byGroup(results).flatMap(([group, own]) => [
    `${colors.bold(group.padEnd(10))} ${describeCounts(countOutcomes(own), paint)}`,
    ...own.filter(({ outcome }) => outcome !== 'pass').flatMap((result) => renderResult(result, paint, colors)),
  ]);
  const head = `${endpoint} as ${profile}, model ${model}`;
  return [head, '', ...groups, '', ...renderSummary(report, paint)].join('\n');
}

type Paint = (outcome: Outcome, text: string) => string;

function painterOf({ green, red, yellow, dim }: Colors): Paint {
  const painters: Readonly<Record<Outcome, (text: string) => string>> = {
    pass: green,
    fail: red,
    warn: yellow,
    skip: dim,
  };
  return (outcome, text) => painters[outcome](text);
}

function renderResult(result: CaseResult, paint: Paint, { dim }: Colors): string[] {
  const { outcome, id, rule, expected, came = '', repeat, sources } = result;
  const head = `  ${paint(outcome, `${SIGNS[outcome]} ${id}`)}  ${outcome === 'skip' ? dim(came) : rule}`;
  if (outcome === 'skip') return [head];
  const facts = [`      expected  ${expected ?? ''}`, `      came      ${came}`];
  if (outcome === 'warn') return [head, ...facts];
  const rules = sources.map((source) => dim(`      rule      ${SOURCES[source].title}: ${SOURCES[source].url}`));
  return [head, ...facts, ...rules, ...(repeat === undefined ? [] : [dim(`      repeat    ${repeat}`)])];
}

function describeCounts(counts: Counts, paint: Paint): string {
  return OUTCOMES.filter((outcome) => counts[outcome] > 0)
    .map((outcome) => paint(outcome, `${counts[outcome]} ${WORDS[outcome]}`))
    .join(', ');
}

function renderSummary(report: Report, paint: Paint): string[] {
  const { results, deepLeft } = report;
  const counts = describeCounts(countOutcomes(results), paint);
  return [
    `${results.length} cases: ${counts}.`,
    ...(deepLeft === 0 ? [] : [`${deepLeft} more with --deep, which spends more tokens.`]),
    `${describeSpent(report)}.`,
  ];
}
