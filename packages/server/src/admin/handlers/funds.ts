/** `/admin/v1/accounts/{id}/credits`, `/grants` and `/ledger`, and `/admin/v1/ledger/check`: money. */
import type { Addition } from '../../ledger/funds.js';
import { type AdminContext, type AdminHandler, answer, answerList, readBody } from '../handler.js';
import { PageQuery } from '../input/page.js';
import { readQuery } from '../input/read-query.js';
import { describeAdded, describeCheck, describeEntry, FundsAddition } from '../shapes/funds.js';

export const addCredit: AdminHandler = (context) => addFunds(context, 'credit');

export const addGrant: AdminHandler = (context) => addFunds(context, 'grant');

/** 201, or 200 when the reference was there already and nothing was added. */
async function addFunds(context: AdminContext, kind: Addition['kind']): Promise<void> {
  const { administration, actor, id } = context;
  const added = await administration.funds.add(kind, id, await readBody(context, FundsAddition), actor);
  answer(context, describeAdded(added, administration.currency), added.isNew ? 201 : 200);
}

export const listEntries: AdminHandler = async (context) => {
  const { administration, exchange, id } = context;
  const entries = await administration.funds.history(id, readQuery(PageQuery, exchange.query));
  answerList(context, entries, (entry) => describeEntry(entry, administration.currency));
};

export const checkLedger: AdminHandler = async (context) => {
  const { administration } = context;
  answer(context, describeCheck(await administration.funds.check(), administration.currency));
};
