/** Telling the caller by the key. */
import type { OpenSteps } from './index.js';

export const openAuthenticate: OpenSteps = ({ platform, access, headers }) => [
  { name: 'a remembered key', run: () => platform.authenticator.authenticate(headers) },
  { name: 'once a turn of the event loop: has any key changed?', run: () => access.keys.revision() },
  { name: 'of that: reading the clock', run: () => platform.clock.now() },
  {
    name: 'an unknown key',
    run: () => refuse(platform.authenticator.authenticate({ authorization: 'Bearer sk-wrong' })),
  },
];

async function refuse(caller: unknown): Promise<void> {
  try {
    await caller;
  } catch {
    return;
  }
  throw new Error('A key that does not exist was taken.');
}
