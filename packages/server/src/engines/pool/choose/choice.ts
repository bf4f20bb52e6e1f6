/** The port of what decides which member works on a request. */
import type { GenerationJob } from '../../engine.js';

/** What is to be done. */
export interface Work {
  /** What a cache can have the beginning of. */
  readonly job: Pick<GenerationJob, 'request' | 'text' | 'cacheScope'>;
  /** The tokens that it is expected to take. */
  readonly tokens: number;
}

/** What is to be known of a member that has a place. */
export interface Candidate {
  readonly name: string;
  /** Its share of the work; above 0. */
  readonly weight: number;
  /** The tokens that are expected of what it works on. */
  readonly outstandingTokens: number;
}

export interface Choice {
  /** One of the candidates, of which there is at least one; has no effect on later choices. */
  choose<C extends Candidate>(candidates: readonly C[], work: Work): C;
}

/** What a member does for its share of the work. */
export function loadOf({ outstandingTokens, weight }: Candidate): number {
  return outstandingTokens / weight;
}
