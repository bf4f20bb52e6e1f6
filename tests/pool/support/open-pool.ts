/** A pool of engines that a test plays by hand, on time that stands still. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiError, ChatRequest, Usage } from '@plumb/wire';
import type { FailureReason, GenerationEnd, GenerationJob, GenerationSink } from '#server/engines/engine.js';
import type { EngineHealth, PoolEngine } from '#server/engines/pool/member.js';
import { EnginePool, type PoolAlarm } from '#server/engines/pool/pool.js';
import type { MemberPlan } from '#server/engines/pool/roster.js';
import type { EngineSettings, PoolSettings } from '#server/engines/pool-settings.js';
import { ManualTime } from '../../limits/support/manual-time.js';
import { contentEvent, ended, PlayedEngine, type PlayedGeneration } from '../../support/played-engine.js';

/** A played engine that is asked whether it is well; a test sets what it answers. */
export class ProbedEngine extends PlayedEngine implements PoolEngine {
  health: EngineHealth | Error | 'silent' = { healthy: true };
  probes = 0;
  /** Probes that were told that nobody waits for them any more. */
  abandoned = 0;

  async probe(signal: AbortSignal): Promise<EngineHealth> {
    this.probes += 1;
    signal.addEventListener('abort', () => {
      this.abandoned += 1;
    });
    const { health } = this;
    if (health === 'silent') return new Promise(() => {});
    if (health instanceof Error) throw health;
    return health;
  }
}

/** Hears one generation and remembers everything. */
export class HeardGeneration implements GenerationSink {
  readonly heard: string[] = [];
  end: GenerationEnd | undefined;
  error: ApiError | undefined;
  usage: Usage | undefined;
  reason: FailureReason | undefined;

  get isOver(): boolean {
    return this.end !== undefined || this.error !== undefined;
  }

  get retryAfter(): string | undefined {
    return this.error?.headers?.['retry-after'];
  }

  onBegun(): void {
    this.heard.push('begun');
  }

  onEvents(): void {
    this.heard.push('events');
  }

  onEnd(end: GenerationEnd): void {
    this.heard.push('end');
    this.end = end;
  }

  onFailure(error: ApiError, usage?: Usage, reason?: FailureReason): void {
    this.heard.push('failure');
    this.error = error;
    this.usage = usage;
    this.reason = reason;
  }
}

export interface OpenedPool {
  readonly pool: EnginePool;
  readonly time: ManualTime;
  /** By name; also those that have been replaced, under their last engine. */
  readonly engines: Record<string, ProbedEngine>;
  readonly alarms: PoolAlarm[];
  readonly logged: string[];
  send(job?: Partial<GenerationJob> & { readonly text?: string; readonly maxTokens?: number }): Sent;
  /** Changes settings and members. */
  update(settings: PoolSettings): void;
  /** The generation of that number on an engine; the last when it is left out. */
  on(engine: string, number?: number): PlayedGeneration;
  /** How many generations each engine was asked for. */
  counts(): Record<string, number>;
  /** What its requests and tokens outstanding are, in the state. */
  outstanding(): Record<string, number>;
}

export interface Sent {
  readonly heard: HeardGeneration;
  readonly running: ReturnType<EnginePool['generate']>;
}

export interface OpenPoolOptions {
  /** What is not an engine's settings. */
  readonly settings?: Omit<PoolSettings, 'engines'>;
  /** Where a test wants to begin with another engine. */
  readonly engines?: Record<string, ProbedEngine>;
  readonly random?: () => number;
}

/** Opens a pool and lets its first probes come to rest. */
export async function openPool(
  members: Record<string, Partial<EngineSettings>>,
  { settings = {}, engines: given = {}, random = () => 0 }: OpenPoolOptions = {},
): Promise<OpenedPool> {
  const time = new ManualTime();
  const engines: Record<string, ProbedEngine> = {};
  const alarms: PoolAlarm[] = [];
  const logged: string[] = [];
  const log = (_fields: object, message: string) => logged.push(message);
  const plan = (poolSettings: PoolSettings): Map<string, MemberPlan> =>
    new Map(
      Object.entries(poolSettings.engines).map(([name, engine]) => {
        const create = () => {
          engines[name] = given[name] ?? new ProbedEngine();
          delete given[name];
          return engines[name];
        };
        return [name, { settings: engine, builtFrom: [engine.url, engine.model], create }];
      }),
    );
  const first: PoolSettings = { ...settings, engines: withKinds(members) };
  const pool = new EnginePool({
    name: 'pool',
    settings: first,
    members: plan(first),
    clock: time,
    timers: time,
    random,
    log: { info: log, warn: log, error: log },
    onAlarm: (alarm) => alarms.push(alarm),
  });
  await nextTurn();
  return {
    pool,
    time,
    engines,
    alarms,
    logged,
    send: (job) => send(pool, job),
    update: (changed) => pool.update(changed, plan(changed)),
    on: (engine, number = -1) => engines[engine]!.generations.at(number)!,
    counts: () => Object.fromEntries(Object.entries(engines).map(([name, each]) => [name, each.generations.length])),
    outstanding: () => Object.fromEntries(pool.state().engines.map(({ name, outstanding }) => [name, outstanding])),
  };
}

/** Settings of engines, `vllm` where they do not say what they are. */
export function withKinds(members: Record<string, Partial<EngineSettings>>): Record<string, EngineSettings> {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, { kind: 'vllm' as const, ...member }]),
  );
}

let lastId = 0;

function send(
  pool: EnginePool,
  { text = 'Hi', maxTokens = 100, ...job }: Partial<GenerationJob> & { text?: string; maxTokens?: number } = {},
): Sent {
  const heard = new HeardGeneration();
  lastId += 1;
  const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: text }], max_tokens: maxTokens };
  const whole: GenerationJob = {
    ...{
      id: `${lastId}`,
      created: 1,
      model: 'm',
      request,
      thinking: false,
      cacheScope: 'account/',
      account: 'account',
    },
    ...job,
  };
  return { heard, running: pool.generate(whole, heard) };
}

/** Plays a generation to its good end. */
export function finish({ sink }: PlayedGeneration): void {
  sink.onBegun();
  sink.onEvents(contentEvent('Hi'));
  sink.onEnd(ended());
}
