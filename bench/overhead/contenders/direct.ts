/** No gateway: the load goes to the stub upstream itself. What it takes is what every other figure contains too. */
import { CHAT_PATH, type Contender } from './contender.js';

export const direct: Contender = {
  name: 'direct',
  isRare: false,
  duties: 'none: the load generator speaks to the stub upstream',
  find: async () => ({
    version: '',
    start: async ({ upstreamPort }) => ({
      target: { port: upstreamPort, path: CHAT_PATH, headers: {} },
      startedAtMs: performance.now(),
    }),
  }),
};
