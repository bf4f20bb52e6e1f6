/** `/admin/v1/accounts`: who pays. */
import { type AdminHandler, answer, answerList, readBody } from '../handler.js';
import { PageQuery } from '../input/page.js';
import { readQuery } from '../input/read-query.js';
import { AccountChange, AccountCreation, describeAccount } from '../shapes/account.js';

export const listAccounts: AdminHandler = async (context) => {
  const { administration, exchange } = context;
  const accounts = await administration.accounts.list(readQuery(PageQuery, exchange.query));
  answerList(context, accounts, (account) => describeAccount(account, administration.currency));
};

export const createAccount: AdminHandler = async (context) => {
  const { administration, actor } = context;
  const account = await administration.accounts.create(await readBody(context, AccountCreation), actor);
  answer(context, describeAccount(account, administration.currency), 201);
};

export const showAccount: AdminHandler = async (context) => {
  const { administration, id } = context;
  answer(context, describeAccount(await administration.accounts.find(id), administration.currency));
};

export const changeAccount: AdminHandler = async (context) => {
  const { administration, actor, id } = context;
  const account = await administration.accounts.change(id, await readBody(context, AccountChange), actor);
  answer(context, describeAccount(account, administration.currency));
};
