/** From a value to a request that cannot be wrong. */
import { parseJsonBody, readChatRequest } from '@plumb/wire';
import { makeBodies } from '../bodies.js';
import type { OpenSteps } from './index.js';

export const openValidate: OpenSteps = () =>
  makeBodies().map(({ name, bytes }) => {
    const value = parseJsonBody(bytes);
    return { name, run: () => readChatRequest(value, bytes) };
  });
