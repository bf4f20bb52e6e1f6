/**
 * All faults that are injected: the rules of the configuration, those that operators add while the server runs, and what
 * single requests ask for where they may. Without any of them a request costs one comparison.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { NamedModel } from './check-rule.js';
import { FAULT_RULES_MAX, type FaultForm, type FaultRuleSettings, type FaultSettings } from './fault-settings.js';
import { FAULT_HEADER, HEADER_RULE, readFaultHeader } from './read-fault-header.js';
import { canHave, FaultRule, type RequestFacts } from './rule.js';

export interface FaultsOptions {
  readonly clock: Clock;
  /** What delays are waited for with. */
  readonly timers: Timers;
  /** How many times faster than that of clients its time goes. Default: 1. */
  readonly timeScale?: number;
  /** Told what is injected from now on, whenever that changes and something is. */
  onActive(summary: FaultSummary): void;
}

/** What is injected, for people. */
export interface FaultSummary {
  /** Such as `outage (status 503)`. */
  readonly rules: readonly string[];
  readonly allowsHeader: boolean;
}

/** What a configuration says of faults. */
export interface ConfiguredFaults {
  readonly faults: FaultSettings;
  readonly models: readonly NamedModel[];
}

/** A fault that a request is going to meet. */
export interface DrawnFault {
  /** The name of the rule. */
  readonly rule: string;
  readonly form: FaultForm;
}

export class Faults {
  readonly timers: Timers;
  readonly timeScale: number;
  readonly #clock: Clock;
  readonly #onActive: FaultsOptions['onActive'];
  #models: readonly NamedModel[] = [];
  #allowsHeader = false;
  #rules: readonly FaultRule[] = [];
  /** The rules, or undefined where no request can meet a fault. */
  #active: readonly FaultRule[] | undefined;

  constructor({ clock, timers, timeScale = 1, onActive }: FaultsOptions) {
    this.#clock = clock;
    this.timers = timers;
    this.timeScale = timeScale;
    this.#onActive = onActive;
  }

  /** The models that a rule can name. */
  get models(): readonly NamedModel[] {
    return this.#models;
  }

  /** In the order in which they are asked. */
  list(): readonly FaultRule[] {
    return this.#rules;
  }

  summary(): FaultSummary {
    return { rules: this.#rules.map(describeRule), allowsHeader: this.#allowsHeader };
  }

  /**
   * Takes on what a configuration says. A rule that stays as it was goes on counting, one that is new or another one
   * begins; rules of operators stay, unless one of the configuration has their name.
   */
  configure({ faults, models }: ConfiguredFaults): void {
    const configured = Object.entries(faults.rules).map(([name, settings]) => this.#keepOrBegin(name, settings));
    const added = this.#rules.filter(({ name, origin }) => origin === 'admin' && !Object.hasOwn(faults.rules, name));
    this.#models = models;
    this.#allowsHeader = faults.allow_header;
    this.#set([...configured, ...added]);
  }

  /** Adds a rule behind the others. Returns undefined when its name is taken or there are as many as there can be. */
  add(name: string, settings: FaultRuleSettings): FaultRule | undefined {
    if (this.#rules.length >= FAULT_RULES_MAX || this.#rules.some((rule) => rule.name === name)) return undefined;
    const rule = new FaultRule(name, settings, 'admin', this.#clock.now());
    this.#set([...this.#rules, rule]);
    return rule;
  }

  /** Removes a rule, whoever wrote it; one of the configuration is back with the next reload or start. */
  remove(name: string): FaultRule | undefined {
    const found = this.#rules.find((rule) => rule.name === name);
    if (found !== undefined) this.#set(this.#rules.filter((rule) => rule !== found));
    return found;
  }

  /** Removes all rules, and returns them. */
  clear(): readonly FaultRule[] {
    const removed = this.#rules;
    this.#set([]);
    return removed;
  }

  /**
   * The fault that a request meets: the one that it asks for, else that of the first rule that hits it. `read` tells of
   * the request, which nobody asks for without rules. Throws 400 for a header that cannot be read.
   */
  draw(headers: IncomingHttpHeaders, read: () => RequestFacts): DrawnFault | undefined {
    if (this.#active === undefined) return undefined;
    const request = read();
    const asked = this.#allowsHeader ? headers[FAULT_HEADER] : undefined;
    const form = typeof asked === 'string' ? readFaultHeader(asked) : undefined;
    const now = this.#clock.now();
    let first: FaultRule | undefined;
    for (const rule of this.#active) if (rule.hits(request, now)) first ??= rule;
    if (form !== undefined && canHave(form, request)) return { rule: HEADER_RULE, form };
    return first === undefined ? undefined : { rule: first.name, form: first.settings };
  }

  #keepOrBegin(name: string, settings: FaultRuleSettings): FaultRule {
    const kept = this.#rules.find((rule) => rule.name === name && rule.origin === 'configuration');
    if (kept !== undefined && isDeepStrictEqual(kept.settings, settings)) return kept;
    return new FaultRule(name, settings, 'configuration', this.#clock.now());
  }

  #set(rules: readonly FaultRule[]): void {
    this.#rules = rules;
    this.#active = rules.length > 0 || this.#allowsHeader ? rules : undefined;
    if (this.#active !== undefined) this.#onActive(this.summary());
  }
}

function describeRule({ name, settings: { fault, status } }: FaultRule): string {
  return `${name} (${fault}${status === undefined ? '' : ` ${status}`})`;
}
