/** Short ways to say what is expected of a decision. */
import assert from 'node:assert/strict';
import type { Admission, Limits, Permit, Refusal, TemporaryRefusal } from '#server/limits/index.js';

/** An admission to one scope. */
export function ask(limits: Limits, tokens = 1, id = 'account'): Admission {
  return { account: 'account', scopes: [{ id, limits }], tokens };
}

export function admitted(decision: Permit | Refusal): Permit {
  assert.ok(decision.admitted, `refused: ${JSON.stringify(decision)}`);
  return decision;
}

export function refused(decision: Permit | Refusal): Refusal {
  assert.ok(!decision.admitted, 'admitted');
  return decision;
}

/** A refusal that is not for ever. */
export function postponed(decision: Permit | Refusal): TemporaryRefusal {
  const refusal = refused(decision);
  assert.ok(!refusal.never, 'refused for ever');
  return refusal;
}
