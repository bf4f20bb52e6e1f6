/** One rule at work: which requests it is about, and which of them it hits. */
import { drawChance } from './chance.js';
import { formOf } from './check-rule.js';
import type { FaultPath, FaultRuleSettings } from './fault-settings.js';
import { entryOf } from './fault-table.js';

/** Who wrote a rule. */
export type RuleOrigin = 'configuration' | 'admin';

/** What rules look at of a request. */
export interface RequestFacts {
  readonly account: { readonly id: string; readonly name: string };
  readonly key: { readonly id: string; readonly name: string };
  /** The canonical id. */
  readonly model: string;
  readonly userId: string | undefined;
  readonly isStreamed: boolean;
  readonly path: FaultPath;
}

/** A rule and what it has done, in plain values. */
export type FaultState = Pick<FaultRule, 'name' | 'settings' | 'origin' | 'since' | 'matched' | 'injected'>;

export function stateOf({ name, settings, origin, since, matched, injected }: FaultRule): FaultState {
  return { name, settings, origin, since, matched, injected };
}

export class FaultRule {
  readonly name: string;
  readonly settings: FaultRuleSettings;
  readonly origin: RuleOrigin;
  /** When it began, which its schedule counts from; epoch ms. */
  readonly since: number;
  #matched = 0;
  #injected = 0;

  constructor(name: string, settings: FaultRuleSettings, origin: RuleOrigin, since: number) {
    this.name = name;
    this.settings = settings;
    this.origin = origin;
    this.since = since;
  }

  /** Requests that it was about, within its schedule. */
  get matched(): number {
    return this.#matched;
  }

  /** Those of them that it would have hit, unless an earlier rule did. */
  get injected(): number {
    return this.#injected;
  }

  /** Whether it hits a request. Every request that it is about counts, also one that an earlier rule has hit. */
  hits(request: RequestFacts, now: number): boolean {
    if (!isAbout(this.settings, request) || !this.#isTime(now)) return false;
    this.#matched += 1;
    const { first = Number.POSITIVE_INFINITY, every = 1, probability = 1, seed = 0 } = this.settings;
    const isHit =
      this.#matched <= first &&
      this.#matched % every === 0 &&
      (probability === 1 || drawChance(seed, this.name, this.#matched) < probability);
    if (isHit) this.#injected += 1;
    return isHit;
  }

  #isTime(now: number): boolean {
    const { from_s = 0, to_s = Number.POSITIVE_INFINITY, repeat_s } = this.settings;
    // A clock that was set back is before nothing.
    const passed = Math.max(0, now - this.since) / 1000;
    const at = repeat_s === undefined ? passed : passed % repeat_s;
    return at >= from_s && at < to_s;
  }
}

function isAbout(settings: FaultRuleSettings, request: RequestFacts): boolean {
  const { account, key, model, user_id, stream, path } = settings;
  return (
    canHave(settings, request) &&
    (account === undefined || account === request.account.id || account === request.account.name) &&
    (key === undefined || key === request.key.id || key === request.key.name) &&
    (model === undefined || model === request.model) &&
    (user_id === undefined || user_id === request.userId) &&
    (stream === undefined || stream === request.isStreamed) &&
    (path === undefined || path === request.path)
  );
}

/** Whether the answer to a request can have a fault at all. */
export function canHave(
  settings: Pick<FaultRuleSettings, 'fault' | 'how'>,
  { isStreamed, path }: Pick<RequestFacts, 'isStreamed' | 'path'>,
): boolean {
  const form = formOf(settings);
  if (form !== undefined && (form === 'stream') !== isStreamed) return false;
  return path !== '/embeddings' || entryOf(settings.fault).isOfText !== true;
}
