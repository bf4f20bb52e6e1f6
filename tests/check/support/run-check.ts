/** Runs the suite in the process of the test, as `plumb check` does. */
import { systemClock } from '@plumb/client';
import type { CaseResult, CheckCase, Profile } from '#server/check/case.js';
import { chooseCases } from '#server/check/choose.js';
import { runCases } from '#server/check/run.js';
import { Session, type Spent } from '#server/check/session.js';

export interface CheckOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly profile: Profile;
  readonly model: string;
  readonly deep?: boolean;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** Another order of the cases. */
  order?(cases: readonly CheckCase[]): CheckCase[];
}

export interface Checked {
  readonly results: readonly CaseResult[];
  readonly spent: Spent;
}

export async function runCheck(options: CheckOptions): Promise<Checked> {
  const { baseUrl, key, profile, model, deep = false, only, skip } = options;
  const { signal } = new AbortController();
  const nonce = `${performance.now()}`;
  const session = new Session({ baseUrl, key, clock: systemClock, timeoutMs: 120_000, signal, nonce });
  try {
    const { cases } = chooseCases({ profile, deep, only, skip });
    const ordered = options.order?.(cases) ?? cases;
    return { results: await runCases(session, ordered, { profile, model, concurrency: 2 }), spent: session.spent };
  } finally {
    await session.close();
  }
}

/** What deviates, by case, with what came. */
export function deviations({ results }: Checked, outcome: 'fail' | 'warn' = 'fail'): Record<string, string> {
  return Object.fromEntries(
    results
      .filter((result) => result.outcome === outcome)
      .map(({ id, expected = '', came = '' }) => [id, `expected ${expected}; came ${came}`]),
  );
}

/** How each case ended. */
export function outcomesOf({ results }: Checked): Record<string, CaseResult['outcome']> {
  return Object.fromEntries(results.map(({ id, outcome }) => [id, outcome]));
}
