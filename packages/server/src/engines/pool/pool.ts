/** A pool: several engines that are one engine to whoever asks it. */
import type { MaybePromise } from '../../limits/maybe-promise.js';
import { SteadyClock } from '../../limits/steady-clock.js';
import type { Timers } from '../../limits/timers.js';
import { systemTimers } from '../../limits/timers.js';
import type { Clock } from '../../observe/clock.js';
import type {
  CountJob,
  EmbeddingJob,
  Engine,
  EngineDescription,
  GenerationJob,
  GenerationSink,
  RunningGeneration,
} from '../engine.js';
import { POOL_DEFAULTS, type PoolSettings } from '../pool-settings.js';
import { countTokens } from './count-tokens.js';
import { describeMembers } from './describe-members.js';
import { Dispatcher } from './dispatcher.js';
import { Health } from './health.js';
import { describeMember, type PoolState } from './pool-state.js';
import { ChatWork, EmbeddingWork, NO_EMBEDDINGS } from './pool-work.js';
import { PooledGeneration, type PooledWork } from './pooled-generation.js';
import { type MemberPlan, Roster } from './roster.js';

/** Where the operator hears of a pool. */
export interface PoolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An engine refuses the operator (its key, its balance), or answers again. */
export interface PoolAlarm {
  readonly pool: string;
  readonly engine: string;
  readonly isRaised: boolean;
}

export interface PoolOptions {
  readonly name: string;
  readonly settings: PoolSettings;
  /** One for each of `settings.engines`, by its name. */
  readonly members: ReadonlyMap<string, MemberPlan>;
  readonly clock: Clock;
  readonly log: PoolLog;
  /** Called once per change of one engine, after it was logged. */
  readonly onAlarm?: (alarm: PoolAlarm) => void;
  readonly timers?: Timers;
  /** How many times faster than that of clients the clock goes. Default 1. */
  readonly scale?: number;
  /** Numbers from 0 up to and without 1. */
  readonly random?: () => number;
}

export class EnginePool implements Engine {
  readonly name: string;
  readonly #clock: Clock;
  readonly #roster: Roster;
  readonly #dispatcher: Dispatcher;
  readonly #health: Health;
  readonly #readiness: Promise<EngineDescription>;
  #settings: PoolSettings;

  /** Opens the pool: its members are probed at once, and requests are taken while nothing is known against them. */
  constructor(options: PoolOptions) {
    const { name, settings, members, timers = systemTimers, scale = 1, random = Math.random } = options;
    const clock = new SteadyClock(options.clock);
    this.name = name;
    this.#clock = clock;
    this.#settings = settings;
    const roster = createRoster(options, clock);
    const nextProbeMs = () => this.#health.nextProbeMs();
    const dispatcher = new Dispatcher({ settings, roster, clock, timers, random, scale, nextProbeMs });
    const added = roster.update(members);
    this.#roster = roster;
    this.#dispatcher = dispatcher;
    this.#health = new Health(
      { clock, timers, random, members: () => roster.members, onProbed: () => dispatcher.changed() },
      intervalOf(settings),
    );
    this.#health.probe(added);
    this.#readiness = Promise.any(added.map(({ engine }) => engine.ready())).then(
      () => this.description() ?? { modelName: name },
      ({ errors }: AggregateError) => Promise.reject(errors[0] ?? new Error(`The pool ${name} has no engines.`)),
    );
    this.#readiness.catch(() => {});
  }

  /** What the members that work have in common: the smallest context that is known; undefined while none works. */
  description(): EngineDescription | undefined {
    return describeMembers(this.#roster.members, this.name);
  }

  /** Resolves when the first of its engines is ready; rejects when none of them ever will be. */
  ready(): Promise<EngineDescription> {
    return this.#readiness;
  }

  generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    return this.#admit(new ChatWork(job), sink);
  }

  countPromptTokens(job: CountJob): MaybePromise<number> {
    return this.#count((engine) => engine.countPromptTokens(job));
  }

  embed(job: EmbeddingJob, sink: GenerationSink): RunningGeneration {
    return this.#admit(new EmbeddingWork(job), sink);
  }

  countInputTokens(job: Pick<EmbeddingJob, 'request'>): MaybePromise<number> {
    return this.#count((engine) => engine.countInputTokens?.(job) ?? Promise.reject(NO_EMBEDDINGS));
  }

  #admit(work: PooledWork, sink: GenerationSink): RunningGeneration {
    const generation = new PooledGeneration(work, sink, this.#dispatcher);
    this.#dispatcher.admit(generation);
    return generation;
  }

  #count(count: (engine: Engine) => MaybePromise<number>): MaybePromise<number> {
    const { members } = this.#roster;
    const up = members.every(({ isUp }) => isUp) ? members : members.filter(({ isUp }) => isUp);
    if (up.length === 0) return Promise.reject(this.#dispatcher.unavailable('no engine is up'));
    return countTokens(up, count);
  }

  /**
   * Other settings and members, at once and without dropping a request: new members take work, those that are gone or
   * built differently finish what they work on and are then closed, all others stay as they are. What refused the operator
   * is tried again.
   */
  update(settings: PoolSettings, members: ReadonlyMap<string, MemberPlan>): void {
    this.#settings = settings;
    const added = this.#roster.update(members);
    this.#health.update(intervalOf(settings));
    this.#dispatcher.update(settings);
    this.#health.probe(added);
  }

  /** Gives a member no more work; what it works on goes on. Returns false when there is none of that name. */
  drain(name: string): boolean {
    return this.#setDraining(name, true);
  }

  /** Gives a member work again. Returns false when there is none of that name. */
  resume(name: string): boolean {
    return this.#setDraining(name, false);
  }

  state(): PoolState {
    const now = this.#clock.now();
    return {
      name: this.name,
      choose: this.#settings.choose ?? POOL_DEFAULTS.choose,
      waiting: this.#dispatcher.waiting,
      engines: this.#roster.all.map((member) => describeMember(member, now)),
    };
  }

  close(): Promise<void> {
    this.#health.close();
    this.#dispatcher.close();
    return this.#roster.close();
  }

  #setDraining(name: string, isDraining: boolean): boolean {
    const member = this.#roster.get(name);
    if (member === undefined) return false;
    member.isDraining = isDraining;
    this.#dispatcher.changed();
    return true;
  }
}

function createRoster({ name: pool, log, onAlarm }: PoolOptions, clock: Clock): Roster {
  return new Roster({
    clock,
    onChange(engine, isOut) {
      if (isOut) log.warn({ pool, engine }, 'an engine keeps failing and gets no more work');
      else log.info({ pool, engine }, 'an engine is well again');
    },
    onAlarm(engine, isRaised, detail) {
      if (isRaised)
        log.error({ pool, engine, detail }, 'an engine refuses its operator: see to its key and its balance');
      else log.info({ pool, engine, detail }, 'an engine no longer refuses its operator');
      onAlarm?.({ pool, engine, isRaised });
    },
    onCloseFailed: (engine, error) => log.error({ pool, engine, err: error }, 'an engine could not be closed'),
  });
}

function intervalOf({ health_interval_s = POOL_DEFAULTS.health_interval_s }: PoolSettings): number {
  return health_interval_s * 1000;
}
