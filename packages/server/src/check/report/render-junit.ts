/** The report as JUnit XML, which every build server reads. */
import type { CaseResult } from '../case.js';
import { byGroup, countOutcomes, type Report } from './report.js';

/** A document that ends with a line end. */
export function renderJunit({ results, durationMs, endpoint, profile }: Report): string {
  const suites = byGroup(results).flatMap(([group, own]) => {
    const { fail, skip } = countOutcomes(own);
    const counts = { name: group, tests: own.length, failures: fail, skipped: skip, time: seconds(sumOf(own)) };
    return [`  <testsuite${attributes(counts)}>`, ...own.flatMap(renderCase), '  </testsuite>'];
  });
  const { fail, skip } = countOutcomes(results);
  const all = {
    name: `plumb check ${endpoint} as ${profile}`,
    tests: results.length,
    failures: fail,
    skipped: skip,
    time: seconds(durationMs),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(all)}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function renderCase({
  id,
  group,
  outcome,
  rule,
  expected = '',
  came = '',
  repeat = '',
  durationMs,
}: CaseResult): string[] {
  const named = attributes({ classname: group, name: id, time: seconds(durationMs) });
  if (outcome === 'pass') return [`    <testcase${named}/>`];
  const details = escapeXml([rule, `expected: ${expected}`, `came: ${came}`, `repeat: ${repeat}`].join('\n'));
  const inner =
    outcome === 'fail'
      ? `<failure${attributes({ message: `expected ${expected}, came ${came}` })}>${details}</failure>`
      : outcome === 'skip'
        ? `<skipped${attributes({ message: came })}/>`
        : `<system-out>${details}</system-out>`;
  return [`    <testcase${named}>`, `      ${inner}`, '    </testcase>'];
}

function sumOf(results: readonly CaseResult[]): number {
  return results.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

/** Control characters cannot be written in XML at all. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
