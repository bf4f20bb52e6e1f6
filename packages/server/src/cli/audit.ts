/** `plumb audit`: shows who changed what. */
import { Command } from 'commander';
import { PageQuery } from '../admin/input/page.js';
import { readFields } from '../admin/input/read-fields.js';
import { describeAudit } from '../admin/shapes/audit.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { formatTime, printJson, printTable } from './print.js';
import { readWholeNumber } from './read-options.js';

interface AuditFlags extends AdministrationFlags {
  readonly limit?: number;
  readonly after?: string;
}

export function auditCommand(clock: Clock = systemClock): Command {
  const audit = new Command('audit')
    .description('List who changed what, newest first.')
    .option('--limit <count>', 'how many at most (default: 100)', readWholeNumber)
    .option('--after <entry>', 'go on after this entry');
  return withCommonFlags(audit, 'plumb audit --limit 20').action((flags: AuditFlags) => showAudit(flags, clock));
}

async function showAudit(flags: AuditFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock }, async ({ administration }) => {
    const { limit, after } = flags;
    const page = { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) };
    const { items, next } = await administration.listAudit(readFields(PageQuery, page, 'parameter'));
    const answers = items.map(describeAudit);
    if (flags.json) return printJson({ data: answers, next });
    printTable(
      ['ENTRY', 'TIME', 'ACTOR', 'ACTION', 'SUBJECT', 'DETAILS'],
      answers.map(({ id, at, actor, action, subject, details }) => [
        String(id),
        formatTime(at),
        actor,
        action,
        subject,
        JSON.stringify(details),
      ]),
    );
  });
}
