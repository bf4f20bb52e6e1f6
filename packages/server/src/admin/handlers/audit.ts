/** `/admin/v1/audit`: who changed what. */
import { type AdminHandler, answerList } from '../handler.js';
import { PageQuery } from '../input/page.js';
import { readQuery } from '../input/read-query.js';
import { describeAudit } from '../shapes/audit.js';

export const listAudit: AdminHandler = async (context) => {
  const { administration, exchange } = context;
  answerList(context, await administration.listAudit(readQuery(PageQuery, exchange.query)), describeAudit);
};
