/** Engines of pools as the admin API writes them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import type { EngineState, PoolState } from '../../engines/pool/pool-state.js';
import { listOf, nullable } from './common.js';

const count = Type.Integer({ minimum: 0 });

const Quantiles = Type.Object(
  { p50: nullable(Type.Number()), p95: nullable(Type.Number()) },
  { title: 'Quantiles', description: 'In milliseconds, over the last answers; null before the first.' },
);

/** One engine of a pool, as it is now. */
export const EngineAnswer = Type.Object(
  {
    id: Type.String({ description: '`pool:engine`.' }),
    pool: Type.String(),
    name: Type.String(),
    kind: Type.String(),
    condition: Type.String({
      description:
        '`up`; `full`: up, with as many requests as it works on; `draining`; `resting`: it said that it has too much to ' +
        'do; `away`: it cannot answer yet; `open`, `half-open`: it keeps failing; `refused`: it refuses the operator.',
    }),
    weight: Type.Number(),
    priority: Type.Integer(),
    concurrent_requests: count,
    outstanding: count,
    outstanding_tokens: count,
    context_tokens: nullable(count),
    requests: count,
    failures: Type.Object({ request: count, engine: count, busy: count, operator: count }),
    failing_share: Type.Number({ description: 'Of what ended in the last 30 s; 0 to 1.' }),
    prompt_tokens: count,
    cache_hit_tokens: count,
    first_event_ms: Quantiles,
    duration_ms: Quantiles,
    up_again_in_ms: nullable(Type.Number()),
    alarm: Type.Boolean({ description: 'Whether it refuses the key or the balance of the operator.' }),
    detail: nullable(Type.String({ description: 'What the last probe found.' })),
  },
  { title: 'Engine' },
);
export type EngineAnswer = Static<typeof EngineAnswer>;

export const EngineList = listOf(EngineAnswer, 'EngineList');

/** What can be changed of an engine while it works. */
export const EngineChange = Type.Object(
  { draining: Type.Boolean({ description: 'True gives it no more work; what it works on goes on.' }) },
  { title: 'EngineChange' },
);

export function describeEngines({ name: pool, engines }: PoolState): EngineAnswer[] {
  return engines.map((engine) => describeEngine(pool, engine));
}

function describeEngine(pool: string, engine: EngineState): EngineAnswer {
  const { name, kind, condition, weight, priority, outstanding, requests, failures } = engine;
  return {
    id: `${pool}:${name}`,
    ...{ pool, name, kind, condition, weight, priority },
    concurrent_requests: engine.concurrentRequests,
    outstanding,
    outstanding_tokens: engine.outstandingTokens,
    context_tokens: engine.contextTokens ?? null,
    requests,
    failures,
    failing_share: engine.failingShare,
    prompt_tokens: engine.promptTokens,
    cache_hit_tokens: engine.cacheHitTokens,
    first_event_ms: describeQuantiles(engine.firstEventMs),
    duration_ms: describeQuantiles(engine.durationMs),
    up_again_in_ms: engine.upAgainInMs ?? null,
    alarm: engine.isAlarmRaised,
    detail: engine.healthDetail ?? null,
  };
}

function describeQuantiles({ p50, p95 }: EngineState['firstEventMs']): EngineAnswer['first_event_ms'] {
  return { p50: p50 ?? null, p95: p95 ?? null };
}
