/** Whether a request names a key of its own, and what tells that two requests of one key are the same. */
import { fingerprintOf, readIdempotencyKey } from '#server/idempotency/idempotency-key.js';
import { makeBodies } from '../bodies.js';
import type { OpenSteps } from './index.js';

export const openIdempotencyKey: OpenSteps = ({ headers }) => {
  const withKey = { ...headers, 'idempotency-key': '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' };
  const [small] = makeBodies();
  return [
    { name: 'none', run: () => readIdempotencyKey(headers) },
    { name: 'one', run: () => readIdempotencyKey(withKey) },
    { name: 'fingerprint of 0.4 KB', run: () => fingerprintOf('/v1/chat/completions', small!.bytes) },
  ];
};
