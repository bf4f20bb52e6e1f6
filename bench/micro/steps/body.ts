/** From the bytes of a body to its value, and what no reader can do without: decoding and JSON.parse. */
import { parseJsonBody } from '@plumb/wire';
import { makeBodies } from '../bodies.js';
import type { OpenSteps } from './index.js';

export const openBody: OpenSteps = () =>
  makeBodies().flatMap(({ name, bytes }) => [
    { name, run: () => parseJsonBody(bytes) },
    { name: `${name}: decode and JSON.parse alone`, run: () => JSON.parse(bytes.toString()) as unknown },
  ]);
