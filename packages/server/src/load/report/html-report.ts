/** The report of a load as one page of HTML: nothing is loaded from elsewhere, and nothing in it runs. */
import { drawCharts } from './charts.js';
import { escapeHtml } from './escape-html.js';
import { formatCount, formatMs, formatRate, formatShare } from './format.js';
import { LATENCIES, type LatencyRecord, type LoadReport } from './load-report.js';
import { PAGE_STYLE } from './page-style.js';
import { describeWait, nameFailure } from './text-report.js';

export function renderHtml(report: LoadReport): string {
  const title = `Load on ${report.parameters.models ?? 'an endpoint'}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body><main>',
    renderHead(report, title),
    renderFacts(report),
    `<h2>Over time</h2>\n<div class="charts">\n${drawCharts(report)}\n</div>`,
    `<h2>Times</h2>\n<div class="card">${renderLatencies(report)}</div>`,
    ...(report.failures.length === 0 ? [] : [`<h2>Failures</h2>\n<div class="card">${renderFailures(report)}</div>`]),
    renderBackground(report),
    `<footer>${escapeHtml(`${report.program}, Node ${report.node}`)}</footer>`,
    '</main></body>',
    '</html>',
    '',
  ].join('\n');
}

function renderHead({ base_url, started_at, parameters, warnings }: LoadReport, title: string): string {
  const when = `${started_at.slice(0, 16).replace('T', ' ')} UTC`;
  const notes = warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join('');
  return [
    `<header><p class="what">plumb load</p><h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml([base_url, parameters.loop ?? '', when].join(' · '))}</p></header>`,
    notes === '' ? '' : `<ul class="notes">${notes}</ul>`,
  ].join('\n');
}

function renderFacts({ requests, rates, latencies, parameters }: LoadReport): string {
  const lost = requests.failed + requests.dropped;
  const facts = [
    fact(
      'Answered',
      `${formatRate(rates.answered)}/s`,
      `${formatCount(requests.answered)} of ${formatCount(requests.due)} requests`,
    ),
    fact(
      'Goodput',
      formatShare(requests.goodput_share),
      parameters.objective?.replaceAll(',', ', ') ?? 'whole answers',
      toneOf(requests.goodput_share),
    ),
    ...(latencies.ttft.p50 === null ? [] : [timeFact('First token', latencies.ttft)]),
    ...(latencies.tpot.p50 === null ? [] : [timeFact('Per token', latencies.tpot)]),
    timeFact('End to end', latencies.e2e),
    fact('Answer tokens', `${formatRate(rates.answer_tokens)}/s`, `${formatRate(rates.prompt_tokens)}/s of prompts`),
    fact('Failed', formatCount(lost), `${formatCount(requests.dropped)} of them dropped`, lost === 0 ? 'good' : 'bad'),
  ];
  return `<dl class="facts">${facts.join('')}</dl>`;
}

function timeFact(name: string, { p50, p99 }: LatencyRecord): string {
  return fact(name, formatMs(p50), `p99 ${formatMs(p99)}`);
}

function fact(name: string, value: string, detail: string, tone = ''): string {
  return (
    `<div><dt>${escapeHtml(name)}</dt><dd${tone === '' ? '' : ` class="${tone}"`}>${escapeHtml(value)}` +
    `<small>${escapeHtml(detail)}</small></dd></div>`
  );
}

/** Below this part of good answers the page shows that something is wrong. */
const GOODPUT_GOOD = 0.99;

function toneOf(share: number | null): string {
  return share === null ? '' : share >= GOODPUT_GOOD ? 'good' : 'bad';
}

const COLUMNS = ['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'max'] as const;
const TITLES: Readonly<Record<(typeof LATENCIES)[number], string>> = {
  ttfb: 'Time to first byte',
  ttft: 'Time to first token',
  tpot: 'Time per token after it',
  gap: 'Gap between two tokens',
  e2e: 'End to end',
  lateness: 'Sent later than due by',
};

function renderLatencies({ latencies }: LoadReport): string {
  const head = ['', 'values', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'].map((name) => `<th>${name}</th>`);
  const rows = LATENCIES.filter((name) => latencies[name].histogram.count > 0).map((name) => {
    const cells = COLUMNS.map((column) => `<td>${formatMs(latencies[name][column])}</td>`);
    return `<tr><th>${TITLES[name]}</th><td>${formatCount(latencies[name].histogram.count)}</td>${cells.join('')}</tr>`;
  });
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function renderFailures({ failures }: LoadReport): string {
  const rows = failures.map(
    (failure) =>
      `<tr><th>${escapeHtml(nameFailure(failure))}</th><td>${formatCount(failure.count)}</td>` +
      `<td class="text">${escapeHtml(failure.reason)}${escapeHtml(describeWait(failure.retry_after_ms))}</td></tr>`,
  );
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}

function renderBackground({ parameters, generator, tokens, requests }: LoadReport): string {
  const own = {
    'event loop p99': formatMs(generator.loop_delay_p99_ms),
    'event loop, longest': formatMs(generator.loop_delay_max_ms),
    'event loop at work': formatShare(generator.utilization),
    CPU: `${formatShare(generator.cpu)} of a core`,
    connections: formatCount(generator.connections),
    'sent late': formatCount(requests.late),
    verdict: generator.is_bottleneck ? 'too busy: do not trust the times' : 'not the bottleneck',
    'prompt tokens': `${formatCount(tokens.prompt)} (${formatCount(tokens.cached)} from the cache)`,
    'answer tokens': formatCount(tokens.answer),
    'warm-up requests': formatCount(requests.warm_up),
  };
  return [
    '<div class="columns">',
    `<section><h2>Parameters</h2><div class="card">${renderPairs(parameters)}</div></section>`,
    `<section><h2>Generator and totals</h2><div class="card">${renderPairs(own)}</div></section>`,
    '</div>',
    `<h2>What this leaves out</h2>\n<ul class="outside">${OUTSIDE.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`,
  ].join('\n');
}

const OUTSIDE = [
  'Requests of the warm-up, apart from the charts over time.',
  'Times of requests that failed, were dropped or were given up: they count against goodput and in no percentile.',
  'Retries: there are none. What a client that tries again sees is another matter.',
  'Anything behind the endpoint: this is what one caller on one machine sees, its network included.',
  'Rates are of what ended between the warm-up and the end of sending. Percentiles are within 1 %, and starts are exact to about a millisecond.',
];

function renderPairs(pairs: Readonly<Record<string, string>>): string {
  const rows = Object.entries(pairs).map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td class="text">${escapeHtml(value)}</td></tr>`,
  );
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}
