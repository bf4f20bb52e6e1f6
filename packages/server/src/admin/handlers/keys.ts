/** `/admin/v1/keys`: the secrets of accounts. */
import { type AdminHandler, answer, answerList, readBody } from '../handler.js';
import { readQuery } from '../input/read-query.js';
import { describeKey, KeyChange, KeyCreation, KeyQuery } from '../shapes/key.js';

export const listKeys: AdminHandler = async (context) => {
  const { administration, exchange } = context;
  const now = administration.clock.now();
  const keys = await administration.keys.list(readQuery(KeyQuery, exchange.query));
  answerList(context, keys, (holder) => describeKey(holder, now));
};

export const createKey: AdminHandler = async (context) => {
  const { administration, actor } = context;
  const input = await readBody(context, KeyCreation);
  const { key, account, apiKey } = await administration.keys.create(input, actor);
  answer(context, { key, ...describeKey({ account, key: apiKey }, administration.clock.now()) }, 201);
};

export const showKey: AdminHandler = async (context) => {
  const { administration, id } = context;
  answer(context, describeKey(await administration.keys.find(id), administration.clock.now()));
};

export const changeKey: AdminHandler = async (context) => {
  const { administration, actor, id } = context;
  const holder = await administration.keys.change(id, await readBody(context, KeyChange), actor);
  answer(context, describeKey(holder, administration.clock.now()));
};

export const revokeKey: AdminHandler = async (context) => {
  const { administration, actor, id } = context;
  answer(context, describeKey(await administration.keys.revoke(id, actor), administration.clock.now()));
};
