/** Answers requests from a cassette, in place of the connections to an upstream. */
import type { Dispatcher } from 'undici';
import { systemTimers, type Timers } from '../../../limits/timers.js';
import { type Clock, systemClock } from '../../../observe/clock.js';
import type { Connections } from '../../upstream/connections.js';
import { readSentRequest, type SentRequest } from '../format/sent-request.js';
import type { Cassette, RecordedAnswer, Track } from './cassette.js';
import { Playback } from './playback.js';

export interface PlayerOptions {
  readonly cassette: Cassette;
  /** How many times as fast as it was recorded; Infinity is as fast as it is taken. Default 1. */
  readonly speed?: number | undefined;
  /** `nearest` answers a request that was not recorded with the nearest one of its path. Default `error`. */
  readonly onMiss?: 'error' | 'nearest' | undefined;
  /** After the last answer to a request but a GET: the first one again, or the same as for a miss. Default `repeat`. */
  readonly whenExhausted?: 'repeat' | 'error' | undefined;
  /** What is answered when there is nothing; `explanation` is a sentence without its full stop. */
  readonly answerMiss: (request: SentRequest, explanation: string) => RecordedAnswer;
  /** Default: the clock and the timers of the machine. */
  readonly clock?: Clock | undefined;
  readonly timers?: Timers | undefined;
}

export class Player implements Connections {
  readonly #options: PlayerOptions;
  /** How many answers of a track have been given. */
  readonly #given = new Map<Track, number>();
  readonly #running = new Set<Playback>();

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { speed = 1, clock = systemClock, timers = systemTimers } = this.#options;
    const answer = this.#choose(readSentRequest(options));
    let isOver = false;
    const onOver = () => {
      isOver = true;
      this.#running.delete(playback);
    };
    const playback: Playback = new Playback({ answer, handler, clock, timers, speed, onOver });
    if (!isOver) this.#running.add(playback);
    return true;
  }

  async destroy(): Promise<void> {
    for (const playback of [...this.#running]) playback.abort(new Error('The replay has ended.'));
  }

  #choose(request: SentRequest): RecordedAnswer {
    const { cassette, onMiss, answerMiss } = this.#options;
    const track = cassette.find(request);
    if (track !== undefined) {
      const explanation = `${cassette.name} has no further answer to this request: all ${track.answers.length} were given`;
      return this.#next(track) ?? answerMiss(request, explanation);
    }
    const nearest = cassette.findNearest(request);
    const isNear = onMiss === 'nearest' && nearest?.isSamePath === true;
    const explanation = `${cassette.name} has no answer to this request; ${nearest?.explanation ?? 'nothing was recorded'}`;
    return (isNear ? this.#next(nearest.track) : undefined) ?? answerMiss(request, explanation);
  }

  /** The next answer in the order of recording. */
  #next(track: Track): RecordedAnswer | undefined {
    const given = this.#given.get(track) ?? 0;
    const { answers } = track;
    const isOver = given >= answers.length && track.request.method !== 'GET';
    if (isOver && this.#options.whenExhausted === 'error') return undefined;
    this.#given.set(track, given + 1);
    return answers[given % answers.length];
  }
}
