/** `/admin/v1/admin-keys`: the keys of operators. */
import { type AdminHandler, answer, answerList, readBody } from '../handler.js';
import { AdminKeyCreation, describeAdminKey } from '../shapes/admin-key.js';

export const listAdminKeys: AdminHandler = async (context) => {
  const items = await context.administration.adminKeys.list();
  answerList(context, { items, next: null }, describeAdminKey);
};

export const createAdminKey: AdminHandler = async (context) => {
  const { administration, actor } = context;
  const { key, adminKey } = await administration.adminKeys.create(await readBody(context, AdminKeyCreation), actor);
  answer(context, { key, ...describeAdminKey(adminKey) }, 201);
};

export const revokeAdminKey: AdminHandler = async (context) => {
  const { administration, actor, id } = context;
  answer(context, describeAdminKey(await administration.adminKeys.revoke(id, actor)));
};
