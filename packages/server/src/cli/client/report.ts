/** `plumb report`: what an endpoint failed at, as a text for the support of its provider. */
import { Command, InvalidArgumentError } from 'commander';
import { packageVersion } from '../../assemble/package-version.js';
import { withExample } from '../help.js';
import { print, printJson } from '../print.js';
import { readExpiry } from '../read-expiry.js';
import { type ClientContext, say } from './context.js';
import { renderReport, summarize } from './incident-report.js';
import { journalPath, readIncidents } from './incidents.js';

interface ReportFlags {
  readonly since?: Since;
  readonly baseUrl?: string;
  readonly json?: true;
}

/** How far back, in ms, or an epoch time in ms. */
type Since = { readonly backMs: number } | { readonly at: number };

const DEFAULT_SINCE: Since = { backMs: 24 * 3_600_000 };

export function reportCommand(context: ClientContext): Command {
  const report = new Command('report')
    .summary('Print what an endpoint failed at, to send to its provider.')
    .description(
      'Print what an endpoint failed at, to send to its provider. It has no prompts, no answers and no keys: only ' +
        'times, statuses, request ids and what the endpoint said.',
    )
    .option('--since <when>', 'a day, a time, or how far back: 30m, 6h, 2d (default: 24h)', readSince)
    .option('--base-url <url>', 'only one endpoint (default: all)')
    .option('--json', 'print a list of reports, one for each endpoint and model, as one line of JSON');
  withExample(report, 'plumb report --since 1h', 'plumb report --since 2026-11-20 --json | jq ".[0].requestIds"');
  return report.action((flags: ReportFlags) => printReport(flags, context));
}

async function printReport(
  { since = DEFAULT_SINCE, baseUrl, json }: ReportFlags,
  context: ClientContext,
): Promise<void> {
  const now = context.clock.now();
  const from = 'at' in since ? since.at : now - since.backMs;
  const incidents = (await readIncidents(context.environment)).filter(
    ({ at, endpoint }) => Date.parse(at) >= from && (baseUrl === undefined || endpoint === baseUrl.replace(/\/+$/, '')),
  );
  const reports = summarize(incidents);
  if (json) return printJson(reports);
  if (reports.length === 0) return say(context, describeNone(from, context));
  print(reports.map((report) => renderReport(report, `plumb ${packageVersion()}`)).join('\n\n'));
}

function describeNone(from: number, { environment }: ClientContext): string {
  return `No failures since ${new Date(from).toISOString()} in ${journalPath(environment)}.`;
}

/** For commander's `argParser`. Throws an InvalidArgumentError. */
function readSince(text: string): Since {
  const end = Date.parse(readExpiry(text, 0));
  const isDuration = /^\d+[mhdw]$/.test(text);
  if (Number.isNaN(end)) throw new InvalidArgumentError('It must be a day, a time, or how far back, such as 6h.');
  return isDuration ? { backMs: end } : { at: end };
}
