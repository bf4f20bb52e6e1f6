/** `plumb usage`: who used what, as a report and as an export; works while a server runs on the same database. */
import { Command, Option } from 'commander';
import { writeRecords, writeSums } from '../admin/export/usage-table.js';
import { readFields } from '../admin/input/read-fields.js';
import { readGroups } from '../admin/manage/usage.js';
import { describeUsage, type UsageAnswer, UsageFilterQuery } from '../admin/shapes/usage.js';
import type { UsageGroup } from '../ledger/usage.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { printJson, printPieces, printTable } from './print.js';

interface FilterFlags extends AdministrationFlags {
  readonly from?: string;
  readonly to?: string;
  readonly account?: string;
  readonly key?: string;
  readonly model?: string;
}

interface ReportFlags extends FilterFlags {
  readonly by: string;
  readonly format: 'table' | 'json' | 'csv' | 'jsonl';
}

interface ExportFlags extends FilterFlags {
  readonly format: 'csv' | 'jsonl';
}

/** The command with its verbs. Failures reject as a CliError or a StoreError whose message is for the operator. */
export function usageCommand(clock: Clock = systemClock): Command {
  const usage = new Command('usage')
    .description('Show who used what, and export it. Without a verb it is `report`.')
    .addHelpText('after', '\nExample:\n  plumb usage --by account,model --from 2026-11-01');
  const report = usage
    .command('report', { isDefault: true })
    .description('Sum up tokens and cost.')
    .option('--by <groups>', 'a list of account, key, model and day', 'account,model')
    .addOption(
      new Option('--format <format>', 'how it is written').choices(['table', 'json', 'csv', 'jsonl']).default('table'),
    );
  withCommonFlags(withFilter(report), 'plumb usage --by account,day --from 2026-11-01 --to 2026-12-01').action(
    (flags: ReportFlags) => showReport(flags, clock),
  );
  const records = usage
    .command('export')
    .description('Write the records themselves on stdout, oldest first.')
    .addOption(new Option('--format <format>', 'how they are written').choices(['csv', 'jsonl']).default('jsonl'));
  withCommonFlags(withFilter(records), 'plumb usage export --format csv --from 2026-11-01 > november.csv').action(
    (flags: ExportFlags) => exportRecords(flags, clock),
  );
  return usage;
}

function withFilter(command: Command): Command {
  return command
    .option('--from <time>', 'from this day or time (UTC) on')
    .option('--to <time>', 'before this day or time')
    .option('--account <account>', 'only one account, by its name or id')
    .option('--key <id>', 'only one key')
    .option('--model <id>', 'only one model');
}

async function showReport(flags: ReportFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const { currency } = administration;
    const groups = readGroups(flags.by);
    const sums = await administration.usage.sums(readFilter(flags), groups);
    const format = flags.json ? 'json' : flags.format;
    if (format === 'csv' || format === 'jsonl') return printPieces(writeSums(sums, groups, format, currency));
    const answers = sums.map((sum) => describeUsage(sum, currency));
    if (format === 'json') printJson({ data: answers, next: null });
    else printSums(answers, groups, currency);
  });
}

async function exportRecords(flags: ExportFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const records = await administration.usage.records(readFilter(flags));
    await printPieces(writeRecords(records, flags.format, administration.currency));
  });
}

function readFilter({ from, to, account, key, model }: FilterFlags): UsageFilterQuery {
  const given = Object.entries({ from, to, account, key, model }).filter(([, value]) => value !== undefined);
  return readFields(UsageFilterQuery, Object.fromEntries(given), 'parameter');
}

function printSums(sums: readonly UsageAnswer[], groups: readonly UsageGroup[], currency: string): void {
  const head = [...groups.map((group) => group.toUpperCase()), 'REQUESTS', 'PROMPT', 'CACHED', 'OUTPUT', 'REASONING'];
  const rows = sums.map((sum) => [
    ...groups.map((group) => sum[group] ?? ''),
    ...[sum.requests, sum.prompt_tokens, sum.cache_hit_tokens, sum.completion_tokens, sum.reasoning_tokens].map(String),
    sum.cost,
  ]);
  printTable([...head, `COST (${currency})`], rows);
}
