/** From a method and a path to a handler. */
import { findOpenRoute, findRoute } from '#server/http/router.js';
import type { OpenSteps } from './index.js';

export const openRoute: OpenSteps = () => [
  { name: 'not an open route', run: () => findOpenRoute('POST', '/v1/chat/completions') },
  { name: 'the route of chats', run: () => findRoute('POST', '/v1/chat/completions') },
];
