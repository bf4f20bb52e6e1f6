/** From the arrival times of events to the figures of one measurement. */

import { mean, quantile } from '../support/statistics.js';
import type { Window } from './client/protocol.js';
import type { Shape } from './workload.js';

/** What one load on one contender gave. Rates are in tokens a second, times in ms; NaN is what could not be measured. */
export interface Figures {
  /** Tokens a second of all streams together while every one of them was generating; bursts only. */
  decodeRate: number;
  /** Answer tokens over the whole time, the reading of prompts included. */
  totalRate: number;
  /** Time to first token. */
  firstTokenMean: number;
  firstTokenMedian: number;
  firstTokenMax: number;
  /** Time between two events of one stream that carry text. */
  gapMedian: number;
  gap95: number;
  /** Requests whose first token came in the measured time. */
  requests: number;
  /** Answer tokens that arrived in the measured time. */
  tokens: number;
  promptTokensMean: number;
  answerTokensMean: number;
  /** Prompt tokens that came from a prefix cache, over all requests; the load is made so that there are none. */
  cachedTokens: number;
}

/** Computes the figures of one load. */
export function computeFigures(shape: Shape, windows: readonly Window[]): Figures {
  const requests = windows.flatMap((window) => window.requests);
  // More than one where an event carries several tokens, or a token ends in the middle of a character.
  const tokensPerEvent =
    sum(requests.map(({ answerTokens }) => answerTokens)) / sum(requests.map(({ eventsMs }) => eventsMs.length));
  const events = sum(windows.map(countEventsInside));
  const firstTokens = windows.flatMap(listFirstTokenTimes);
  const gaps = windows.flatMap(listGaps);
  return {
    decodeRate: shape === 'burst' ? computeDecodeRate(windows) * tokensPerEvent : Number.NaN,
    totalRate: (events * tokensPerEvent * 1000) / sum(windows.map(({ startMs, endMs }) => endMs - startMs)),
    firstTokenMean: mean(firstTokens),
    firstTokenMedian: quantile(firstTokens, 0.5),
    firstTokenMax: Math.max(...firstTokens),
    gapMedian: quantile(gaps, 0.5),
    gap95: quantile(gaps, 0.95),
    requests: firstTokens.length,
    tokens: Math.round(events * tokensPerEvent),
    promptTokensMean: mean(requests.map(({ promptTokens }) => promptTokens)),
    answerTokensMean: mean(requests.map(({ answerTokens }) => answerTokens)),
    cachedTokens: sum(requests.map(({ cachedTokens }) => cachedTokens)),
  };
}

function countEventsInside(window: Window): number {
  return sum(window.requests.map(({ eventsMs }) => eventsMs.filter((time) => isInside(window, time)).length));
}

/** Of the requests whose first token came in the window: choosing by their start would leave out the late ones. */
function listFirstTokenTimes(window: Window): number[] {
  return window.requests
    .filter(({ eventsMs }) => eventsMs.length > 0 && isInside(window, eventsMs[0]!))
    .map(({ startMs, eventsMs }) => eventsMs[0]! - startMs);
}

function listGaps(window: Window): number[] {
  return window.requests.flatMap(({ eventsMs }) =>
    eventsMs
      .slice(1)
      .flatMap((time, index) =>
        isInside(window, eventsMs[index]!) && isInside(window, time) ? time - eventsMs[index]! : [],
      ),
  );
}

/**
 * Events a second while all streams of a wave generate: from the last first event to the first last event. Each stream
 * is timed between its own first and last event in there, so that it does not matter where in a step the edges fall.
 * Waves count by their length; one in which a stream ended at once has no such time.
 */
function computeDecodeRate(windows: readonly Window[]): number {
  const waves = windows.flatMap(({ requests }) => {
    const fromMs = Math.max(...requests.map(({ eventsMs }) => eventsMs[0] ?? Number.POSITIVE_INFINITY));
    const toMs = Math.min(...requests.map(({ eventsMs }) => eventsMs.at(-1) ?? Number.NEGATIVE_INFINITY));
    const inside = requests.map(({ eventsMs }) => eventsMs.filter((time) => time >= fromMs && time <= toMs));
    if (inside.some((times) => times.length < MIN_EVENTS)) return [];
    const rates = inside.map((times) => (times.length - 1) / (times.at(-1)! - times[0]!));
    return { lengthMs: toMs - fromMs, eventsPerMs: sum(rates) };
  });
  const events = sum(waves.map(({ lengthMs, eventsPerMs }) => lengthMs * eventsPerMs));
  return (events * 1000) / sum(waves.map(({ lengthMs }) => lengthMs));
}

/** Events that a stream must have in a wave's common time for a rate to mean anything. */
const MIN_EVENTS = 8;

function isInside({ startMs, endMs }: Window, time: number): boolean {
  return time >= startMs && time <= endMs;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
