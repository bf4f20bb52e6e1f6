/** When nothing was recorded for a request: what comes nearest, and where it differs. */
import type { NormalisedRequest } from '../format/match-request.js';
import type { Track } from './cassette.js';

export interface Nearest {
  readonly track: Track;
  /** A sentence that names it and the first difference by its place, without what stands there. */
  readonly explanation: string;
  /** Whether it is at least the same method and path. */
  readonly isSamePath: boolean;
}

/** The most recorded requests that one is held against. */
const CANDIDATES_MAX = 200;
/** The most values of a body that are compared. */
const VALUES_MAX = 10_000;

/** @param comparesBodies Whether bodies were recorded; else the one of the nearest size is nearest, as filler keeps sizes. */
export function explainNearest(
  request: NormalisedRequest & { readonly size: number },
  tracks: readonly Track[],
  comparesBodies: boolean,
): Nearest | undefined {
  const alike = tracks.filter((track) => isSamePath(track, request)).slice(-CANDIDATES_MAX);
  if (alike.length === 0) return explainOtherPath(request, tracks);
  const values = listValues(request.body);
  const compared = alike.map((track) => compareTrack(track, comparesBodies ? values : undefined, request.size));
  const { track, difference } = compared.reduce((one, other) => (other.distance < one.distance ? other : one));
  const { method, path, line } = track.request;
  return { track, explanation: `nearest is ${method} ${path} of line ${line}: ${difference}`, isSamePath: true };
}

function compareTrack(track: Track, values: ReadonlyMap<string, string> | undefined, size: number) {
  if (values === undefined) {
    const distance = Math.abs(size - track.request.size);
    return { track, distance, difference: `its body differs, by ${distance} bytes; prompts were scrubbed` };
  }
  const places = compare(values, track);
  const [first = 'its body'] = places;
  const more = places.length > 1 ? ` and ${places.length - 1} more differ` : ' differs';
  return { track, distance: places.length, difference: first + more };
}

function isSamePath({ request }: Track, { method, path }: NormalisedRequest): boolean {
  return request.method === method && request.path === path;
}

function explainOtherPath({ path }: NormalisedRequest, tracks: readonly Track[]): Nearest | undefined {
  const common = (track: Track) => commonEnds(track.request.path, path);
  const [first, ...others] = tracks.slice(-CANDIDATES_MAX);
  if (first === undefined) return undefined;
  const track = others.reduce((one, other) => (common(other) > common(one) ? other : one), first);
  const { request } = track;
  const explanation = `nearest is ${request.method} ${request.path} of line ${request.line}: method or path differs`;
  return { track, explanation, isSamePath: false };
}

/** Characters that two paths share at their beginnings and ends. */
function commonEnds(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let start = 0;
  while (start < length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < length - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return start + end;
}

/** The places at which two bodies differ. */
function compare(values: ReadonlyMap<string, string>, { request }: Track): string[] {
  const recorded = listValues(request.body);
  const places = new Set([...values.keys(), ...recorded.keys()]);
  return [...places].filter((place) => values.get(place) !== recorded.get(place));
}

/** Every value of a JSON body by its place; of any other body itself. */
function listValues(body: string): Map<string, string> {
  const values = new Map<string, string>();
  const waiting: [string, unknown][] = [];
  try {
    waiting.push(['', JSON.parse(body)]);
  } catch {
    return new Map([['its body', body]]);
  }
  for (let next = waiting.pop(); next !== undefined && values.size < VALUES_MAX; next = waiting.pop()) {
    const [place, value] = next;
    if (typeof value !== 'object' || value === null) values.set(place, JSON.stringify(value));
    else {
      for (const [key, inner] of Object.entries(value).reverse()) {
        waiting.push([place === '' ? key : `${place}.${key}`, inner]);
      }
    }
  }
  return values;
}
