/** Runs cases, a few at a time. None sees another, and none that goes wrong keeps another from being run. */
import { Ask } from './ask.js';
import { type CaseResult, type CheckCase, groupOf, type Outcome, type Profile } from './case.js';
import { Finding } from './finding.js';
import { renderCurl } from './http/render-curl.js';
import { EndpointClosed, type Session } from './session.js';

export interface RunOptions {
  readonly profile: Profile;
  readonly model: string;
  /** How many cases run at the same time. */
  readonly concurrency: number;
  /** Called as each case ends. */
  onResult?(result: CaseResult, done: number): void;
}

/**
 * Resolves with one result for each case, in their order.
 *
 * @throws EndpointClosed when the account has no money left, and the reason of the session's signal.
 */
export async function runCases(
  session: Session,
  cases: readonly CheckCase[],
  options: RunOptions,
): Promise<CaseResult[]> {
  const results = new Map<string, CaseResult>();
  const runAll = async (queue: readonly CheckCase[], concurrency: number) => {
    const waiting = [...queue];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const result = await runCase(session, next, options);
        results.set(next.id, result);
        options.onResult?.(result, results.size);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  };
  await runAll(
    cases.filter(({ alone }) => alone !== true),
    options.concurrency,
  );
  await runAll(
    cases.filter(({ alone }) => alone === true),
    1,
  );
  return cases.map(({ id }) => results.get(id)).filter((result) => result !== undefined);
}

async function runCase(session: Session, rule: CheckCase, options: RunOptions): Promise<CaseResult> {
  const ask = new Ask(session, options.profile, options.model);
  const begun = session.clock.now();
  const ending = await rule.check(ask).then(
    () => ({ outcome: 'pass' as Outcome }),
    (error) => toEnding(error, session),
  );
  const isPassed = ending.outcome === 'pass';
  return {
    id: rule.id,
    group: groupOf(rule),
    rule: rule.rule,
    sources: rule.sources,
    cost: rule.cost,
    ...ending,
    ...(isPassed || ask.last === undefined ? {} : { repeat: renderCurl(ask.last) }),
    durationMs: Math.round(session.clock.now() - begun),
  };
}

function toEnding(error: unknown, { signal }: Session): Pick<CaseResult, 'outcome' | 'expected' | 'came'> {
  if (error instanceof Finding) {
    const { outcome, expected, came } = error;
    return { outcome, ...(expected === '' ? {} : { expected }), came };
  }
  signal.throwIfAborted();
  if (error instanceof EndpointClosed) throw error;
  // A case that did not expect what came must not end the run.
  return { outcome: 'fail', expected: 'an answer that the case can read', came: String(error) };
}
