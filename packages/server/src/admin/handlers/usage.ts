/** `/admin/v1/usage`: what was used, as sums and record by record. */
import { writeRecords, writeSums } from '../export/usage-table.js';
import { type AdminHandler, answerList, answerPieces } from '../handler.js';
import { readQuery } from '../input/read-query.js';
import { readGroups } from '../manage/usage.js';
import { describeUsage, RecordsQuery, UsageQuery } from '../shapes/usage.js';

const CONTENT_TYPES = { csv: 'text/csv; charset=utf-8; header=present', jsonl: 'application/x-ndjson' } as const;

export const showUsage: AdminHandler = async (context) => {
  const { administration, exchange } = context;
  const { group_by, format = 'json', ...filter } = readQuery(UsageQuery, exchange.query);
  const groups = readGroups(group_by);
  const sums = await administration.usage.sums(filter, groups);
  const { currency } = administration;
  if (format !== 'json') return answerPieces(context, CONTENT_TYPES[format], writeSums(sums, groups, format, currency));
  answerList(context, { items: sums, next: null }, (sum) => describeUsage(sum, currency));
};

export const exportRecords: AdminHandler = async (context) => {
  const { administration, exchange } = context;
  const { format = 'jsonl', ...filter } = readQuery(RecordsQuery, exchange.query);
  const records = await administration.usage.records(filter);
  await answerPieces(context, CONTENT_TYPES[format], writeRecords(records, format, administration.currency));
};
