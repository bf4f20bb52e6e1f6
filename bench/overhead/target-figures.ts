/** Plumb's figures as the targets compare them. */
import { type Spread, spread } from '../support/statistics.js';
import type { FigureName } from './figures.js';
import type { Results } from './results.js';
import { Summary } from './summary.js';
import { REFERENCE } from './tables.js';
import { WORKERS } from './workers.js';

/** Finds the figures that a target is about. */
export class TargetFigures {
  readonly #summary: Summary;
  readonly #decodeUs: readonly number[];

  constructor({ measurements, decodeUs }: Results) {
    this.#summary = new Summary(measurements);
    this.#decodeUs = decodeUs;
  }

  /** As it is. */
  plain(scenario: string, figure: FigureName): Spread | undefined {
    return this.#summary.spreadOf(placeOf(scenario, figure));
  }

  /** Divided by that of the bare pass-through. */
  toBare(scenario: string, figure: FigureName): Spread | undefined {
    return this.#summary.ratioTo(REFERENCE, placeOf(scenario, figure));
  }

  /** Requests a second of 32 connections, divided by those of a peer. */
  toPeer(peer: string): Spread | undefined {
    return this.#summary.ratioTo(peer, placeOf('closed-32', 'requestsPerSecond'));
  }

  /** Less that of the stub upstream itself. */
  overDirect(scenario: string, figure: FigureName): Spread | undefined {
    return this.#summary.differenceTo('direct', placeOf(scenario, figure));
  }

  /** Plumb's CPU time for a large prompt, divided by that of `bare` and of one decode and parse in the same round. */
  toBareAndDecode(): Spread | undefined {
    const place = placeOf('body-100k', 'cpuUsPerRequest');
    const bare = this.#summary.byRound({ ...place, contender: REFERENCE });
    const ratios = [...this.#summary.byRound(place)].flatMap(([round, value]) => {
      const [other, decode] = [bare.get(round), this.#decodeUs[round - 1]];
      return other === undefined || decode === undefined ? [] : [value / (other + decode)];
    });
    return spread(ratios);
  }

  /** Requests a second of two workers, divided by those of one. */
  workers(): Spread | undefined {
    const place = { contender: 'plumb-2-workers', scenario: WORKERS, figure: 'requestsPerSecond' } as const;
    return this.#summary.ratioTo('plumb', place);
  }
}

function placeOf(scenario: string, figure: FigureName) {
  return { contender: 'plumb', scenario, figure };
}
