/** Takes on another configuration, as SIGHUP does. */

import { invalidRequest } from '@plumb/wire';
import { ConfigError } from '../../config/problem.js';
import { type AdminHandler, answer } from '../handler.js';

/** Answers with what changed, or with 400 and every problem of the configuration, which then stays as it was. */
export const reloadConfiguration: AdminHandler = async (context) => {
  try {
    const { changed, needsRestart } = await context.reload(context.actor);
    answer(context, { changed, needs_restart: needsRestart });
  } catch (error) {
    if (error instanceof ConfigError) throw invalidRequest(error.message);
    throw error;
  }
};
