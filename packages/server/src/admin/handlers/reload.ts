/** Takes on another configuration, as SIGHUP does. */
import { invalidRequest } from '@plumb/wire';
import { ConfigError } from '../../config/problem.js';
import { type AdminHandler, answer } from '../handler.js';
import type { ReloadAnswer } from '../shapes/reload.js';

/** Answers with what changed, or with 400 and every problem of the configuration, which then stays as it was. */
export const reloadConfiguration: AdminHandler = async (context) => {
  try {
    const { changed, needsRestart } = await context.operations.reload(context.actor);
    const body: ReloadAnswer = { changed: [...changed], needs_restart: [...needsRestart] };
    answer(context, body);
  } catch (error) {
    if (error instanceof ConfigError) throw invalidRequest(error.message);
    throw error;
  }
};
