/** What a case of the suite is: one rule of the contract, and how an endpoint is asked whether it keeps it. */
import type { Ask } from './ask.js';
import type { SourceName } from './sources.js';

/** The parts of the contract, in the order of reports. */
export const GROUPS = [
  'auth',
  'models',
  'balance',
  'request',
  'response',
  'stream',
  'errors',
  'tools',
  'reasoning',
  'limits',
  'cache',
] as const;
export type Group = (typeof GROUPS)[number];

/**
 * What an endpoint says it is. `openai`: what every client of the format relies on. `deepseek`: the same with DeepSeek's
 * fields and refusals, extensions allowed. `deepseek-strict`: to the word, nothing more and nothing less.
 */
export const PROFILES = ['openai', 'deepseek', 'deepseek-strict'] as const;
export type Profile = (typeof PROFILES)[number];

/** Shorthands for the rules that several profiles share. */
export const EVERY: readonly Profile[] = PROFILES;
export const DEEPSEEK: readonly Profile[] = ['deepseek', 'deepseek-strict'];
export const STRICT: readonly Profile[] = ['deepseek-strict'];
export const OPENAI: readonly Profile[] = ['openai'];
/** Where what DeepSeek refuses may be served. */
export const LENIENT: readonly Profile[] = ['openai', 'deepseek'];

/**
 * What a case spends. `free`: questions without generation, and requests that are refused. `cheap`: answers of at most
 * 16 tokens. `deep`: more than that, or much at once; only when it is asked for.
 */
export const COSTS = ['free', 'cheap', 'deep'] as const;
export type Cost = (typeof COSTS)[number];

/** One rule. */
export interface CheckCase {
  /** `group/name`. */
  readonly id: `${Group}/${string}`;
  /** The rule as a sentence. */
  readonly rule: string;
  readonly sources: readonly SourceName[];
  /** Where the rule holds. */
  readonly profiles: readonly Profile[];
  readonly cost: Cost;
  /** Whether it would disturb others that run at the same time. */
  readonly alone?: true;
  /**
   * Resolves when the endpoint keeps the rule.
   *
   * @throws Finding when it does not, or when it cannot be seen.
   */
  check(ask: Ask): Promise<void>;
}

/** What came of a case. `warn`: a deviation that clients can live with. `skip`: nothing could be seen. */
export type Outcome = 'pass' | 'fail' | 'warn' | 'skip';

/** A case that has been run. */
export interface CaseResult {
  readonly id: CheckCase['id'];
  readonly group: Group;
  readonly rule: string;
  readonly sources: readonly SourceName[];
  readonly cost: Cost;
  readonly outcome: Outcome;
  /** What the rule wants here; absent when it passed or was skipped. */
  readonly expected?: string;
  /** What came instead, shortened; for `skip` why nothing could be seen. */
  readonly came?: string;
  /** The last request of the case as a command to repeat it, without the key. */
  readonly repeat?: string;
  readonly durationMs: number;
}

/** The group of a case. */
export function groupOf({ id }: Pick<CheckCase, 'id'>): Group {
  return id.slice(0, id.indexOf('/')) as Group;
}
