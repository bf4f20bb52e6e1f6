/** The members of a pool: who is up, who has a place, who comes and who goes. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../observe/clock.js';
import type { EngineSettings } from '../pool-settings.js';
import { Member, type PoolEngine } from './member.js';

/** A member as the configuration wants it. */
export interface MemberPlan {
  readonly settings: EngineSettings;
  /**
   * All that `create` makes the engine from: address, key, time-outs. When it differs from before, the engine is replaced;
   * weight, priority, `concurrent_requests` and `context_tokens` belong to the pool and change in place.
   */
  readonly builtFrom: unknown;
  /** Makes the engine, when it is needed. The pool closes it when the member has left and come to its last end. */
  create(): PoolEngine;
}

export interface RosterOptions {
  readonly clock: Clock;
  /** A member keeps failing, or answers again; once per change. */
  readonly onChange: (name: string, isOut: boolean) => void;
  /** An engine refuses the operator, or answers again; once per change. */
  readonly onAlarm: (name: string, isRaised: boolean, detail: string) => void;
  /** An engine that has left could not be closed. */
  readonly onCloseFailed: (name: string, error: unknown) => void;
}

/** The share of the members that may be out at the same time for the share of their failures alone. */
const OUT_BY_RATE_MAX = 1 / 2;

export class Roster {
  readonly #options: RosterOptions;
  readonly #members = new Map<string, { readonly member: Member; readonly builtFrom: unknown }>();
  /** The same members as a list, which every request goes through. */
  #list: readonly Member[] = [];
  /** Those that have left and still work. */
  readonly #leaving = new Set<Member>();

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** The members, without those that are leaving. */
  get members(): readonly Member[] {
    return this.#list;
  }

  /** With those that are leaving. */
  get all(): Member[] {
    return [...this.#list, ...this.#leaving];
  }

  get(name: string): Member | undefined {
    return this.#members.get(name)?.member;
  }

  /** Whether a member is up that is not among those. */
  hasUp(except: readonly Member[] = []): boolean {
    return this.#list.some((member) => member.isUp && !except.includes(member));
  }

  /** The members with a place, of the lowest priority that has a member which is up; those in `except` do not count. */
  findPlaces(except: readonly Member[]): readonly Member[] {
    const places: Member[] = [];
    let priority = Number.POSITIVE_INFINITY;
    for (const member of this.#list) {
      if (member.priority > priority || except.includes(member) || !member.isUp) continue;
      if (member.priority < priority) places.length = 0;
      priority = member.priority;
      if (member.hasPlace) places.push(member);
    }
    return places;
  }

  /** Makes the members those of the plans; returns those that are new. */
  update(plans: ReadonlyMap<string, MemberPlan>): Member[] {
    for (const [name, { member, builtFrom }] of this.#members) {
      const plan = plans.get(name);
      if (plan === undefined || !isDeepStrictEqual(plan.builtFrom, builtFrom)) this.#retire(member);
      else {
        member.settings = plan.settings;
        member.breaker.reload();
      }
    }
    const added: Member[] = [];
    for (const [name, plan] of plans) {
      if (this.#members.has(name)) continue;
      const member = this.#create(name, plan);
      this.#members.set(name, { member, builtFrom: plan.builtFrom });
      added.push(member);
    }
    this.#list = [...this.#members.values()].map(({ member }) => member);
    return added;
  }

  /** A member has come to the end of a request: one that was leaving is closed after its last. */
  freed(member: Member): void {
    if (member.outstanding > 0 || !this.#leaving.delete(member)) return;
    member.engine.close().catch((error) => this.#options.onCloseFailed(member.name, error));
  }

  /** Closes all engines, also of those that are leaving. */
  async close(): Promise<void> {
    const { all } = this;
    for (const member of all) member.isDraining = true;
    this.#leaving.clear();
    await Promise.all(all.map(({ engine }) => engine.close()));
  }

  #create(name: string, { settings, create }: MemberPlan): Member {
    const { clock, onChange, onAlarm } = this.#options;
    return new Member({
      name,
      settings,
      engine: create(),
      clock,
      mayOpenByRate: () => this.#mayOpenByRate(),
      onChange: (isOpen) => onChange(name, isOpen),
      onAlarm: (isRaised, detail) => onAlarm(name, isRaised, detail),
    });
  }

  #retire(member: Member): void {
    this.#members.delete(member.name);
    this.#list = this.#list.filter((each) => each !== member);
    member.isDraining = true;
    member.breaker.retire();
    this.#leaving.add(member);
    this.freed(member);
  }

  /** A pool that half of its members fail in has another trouble than these members, and half must do the work. */
  #mayOpenByRate(): boolean {
    const out = this.#list.filter(({ breaker }) => breaker.isOpenByRate).length;
    return out + 1 <= this.#members.size * OUT_BY_RATE_MAX;
  }
}
