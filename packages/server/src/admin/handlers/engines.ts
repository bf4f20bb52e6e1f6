/** `/admin/v1/engines`: what the engines of pools do, and whether they get work. */
import { notFound } from '@plumb/wire';
import { type AdminHandler, answer, answerList, readBody } from '../handler.js';
import { describeEngines, EngineChange } from '../shapes/engine.js';

export const listEngines: AdminHandler = async (context) => {
  const items = (await context.operations.poolStates()).flatMap(describeEngines);
  answerList(context, { items, next: null }, (engine) => engine);
};

/** `{id}` is `pool:engine`. What it changes lasts until the server stops. */
export const changeEngine: AdminHandler = async (context) => {
  const { id, operations, actor, administration } = context;
  const { draining } = await readBody(context, EngineChange);
  const [poolName = '', name = ''] = id.split(':');
  const isKnown = await operations.setDraining(poolName, name, draining);
  if (!isKnown) throw notFound(`There is no engine ${id}: GET /admin/v1/engines lists all.`);
  const action = draining ? 'engine.drain' : 'engine.resume';
  await administration.recordChange({ action, subject: id, details: {} }, actor);
  const state = (await operations.poolStates()).flatMap(describeEngines);
  answer(context, state.find((engine) => engine.id === id)!);
};
