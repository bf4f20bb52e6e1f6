/**
 * Deterministic automata over code points: the form in which rules on one text can be joined, and in which a grammar
 * follows a text without trying several ways at once.
 */
import { AUTOMATON_STATES_MAX } from '../limits.js';
import type { Range } from '../node.js';
import { Unenforceable } from '../unenforceable.js';
import { ALL_CODE_POINTS, intersect } from './code-points.js';

/** Where a character leads. */
export interface Edge {
  readonly ranges: readonly Range[];
  readonly target: number;
}

export interface State {
  /** Whether a text may end here. */
  readonly accepts: boolean;
  /** No two edges share a code point; a code point on none of them is not allowed here. */
  readonly edges: readonly Edge[];
}

/** State 0 is the first. */
export type Automaton = readonly State[];

/** Texts of at least `min` and at most `max` characters. */
export function lengthAutomaton(min: number, max: number): Automaton {
  if (Math.max(min, max === Number.POSITIVE_INFINITY ? 0 : max) >= AUTOMATON_STATES_MAX) throw tooLarge();
  const last = max === Number.POSITIVE_INFINITY ? min : max;
  return Array.from({ length: last + 1 }, (_, length) => ({
    accepts: length >= min,
    edges:
      length < last
        ? [{ ranges: ALL_CODE_POINTS, target: length + 1 }]
        : max === Number.POSITIVE_INFINITY
          ? [{ ranges: ALL_CODE_POINTS, target: length }]
          : [],
  }));
}

/** All texts but these. */
export function otherThan(texts: readonly string[]): Automaton {
  const trie: { ends: boolean; next: Map<number, number> }[] = [{ ends: false, next: new Map() }];
  for (const text of texts) {
    let place = 0;
    for (const character of text) {
      const code = character.codePointAt(0)!;
      const known = trie[place]!.next.get(code);
      const target = known ?? trie.push({ ends: false, next: new Map() }) - 1;
      trie[place]!.next.set(code, target);
      place = target;
    }
    trie[place]!.ends = true;
  }
  if (trie.length >= AUTOMATON_STATES_MAX) throw tooLarge();
  const free = trie.length;
  const states: State[] = trie.map(({ ends, next }) => ({ accepts: !ends, edges: leave(next, free) }));
  return [...states, { accepts: true, edges: [{ ranges: ALL_CODE_POINTS, target: free }] }];
}

/** The edges of a place in the trie: its own, and one to `free` for every other character. */
function leave(next: ReadonlyMap<number, number>, free: number): Edge[] {
  const edges = [...next].map(([code, target]): Edge => ({ ranges: [[code, code]], target }));
  return [...edges, { ranges: withoutCodes([...next.keys()]), target: free }];
}

function withoutCodes(codes: number[]): Range[] {
  let rest: readonly Range[] = ALL_CODE_POINTS;
  for (const code of codes)
    rest = intersect(rest, [
      [0, code - 1],
      [code + 1, 0x10ffff],
    ]);
  return [...rest];
}

/** The texts of some characters in which a text does not occur whose first character is in it only once. */
export function without(forbidden: string, characters: readonly Range[]): Automaton {
  const codes = Array.from(forbidden, (character) => character.codePointAt(0)!);
  const first = codes[0]!;
  return codes.map((code, place) => {
    const known = place === 0 || code === first ? [code] : [code, first];
    const edges: Edge[] = [{ ranges: intersect(withoutCodes(known), characters), target: 0 }];
    if (known.length > 1) edges.push({ ranges: [[first, first]], target: 1 });
    if (place + 1 < codes.length) edges.push({ ranges: [[code, code]], target: place + 1 });
    return { accepts: true, edges };
  });
}

/** The texts that some automaton does not accept. */
export function complementOf(automaton: Automaton): Automaton {
  const sink = automaton.length;
  const states = automaton.map(({ accepts, edges }) => {
    let rest: readonly Range[] = ALL_CODE_POINTS;
    for (const { ranges } of edges)
      for (const [first, last] of ranges)
        rest = intersect(rest, [
          [0, first - 1],
          [last + 1, 0x10ffff],
        ]);
    return { accepts: !accepts, edges: rest.length === 0 ? edges : [...edges, { ranges: rest, target: sink }] };
  });
  return [...states, { accepts: true, edges: [{ ranges: ALL_CODE_POINTS, target: sink }] }];
}

/** The texts that both accept. */
export function intersection(left: Automaton, right: Automaton): Automaton {
  const places = new Map<number, number>([[0, 0]]);
  const pairs: [number, number][] = [[0, 0]];
  const placeOf = (first: number, second: number): number => {
    const key = first * right.length + second;
    const known = places.get(key);
    if (known !== undefined) return known;
    if (pairs.length >= AUTOMATON_STATES_MAX) throw tooLarge();
    places.set(key, pairs.length);
    return pairs.push([first, second]) - 1;
  };
  const states: State[] = [];
  for (let place = 0; place < pairs.length; place++) {
    const [first, second] = pairs[place]!;
    const edges: Edge[] = [];
    for (const one of left[first]!.edges) {
      for (const other of right[second]!.edges) {
        const ranges = intersect(one.ranges, other.ranges);
        if (ranges.length > 0) edges.push({ ranges, target: placeOf(one.target, other.target) });
      }
    }
    states.push({ accepts: left[first]!.accepts && right[second]!.accepts, edges });
  }
  return prune(states);
}

/** Takes out the states from which no text can be completed. The first state stays. */
export function prune(automaton: Automaton): Automaton {
  const alive = findAlive(automaton);
  const places = new Map<number, number>([[0, 0]]);
  for (const state of automaton.keys()) if (state !== 0 && alive.has(state)) places.set(state, places.size);
  return [...places.keys()].map((state) => ({
    accepts: automaton[state]!.accepts,
    edges: automaton[state]!.edges.filter(({ target }) => alive.has(target)).map(({ ranges, target }) => ({
      ranges,
      target: places.get(target)!,
    })),
  }));
}

function findAlive(automaton: Automaton): Set<number> {
  const sources: number[][] = automaton.map(() => []);
  for (const [state, { edges }] of automaton.entries()) for (const { target } of edges) sources[target]!.push(state);
  const alive = new Set<number>();
  const queue = [...automaton.keys()].filter((state) => automaton[state]!.accepts);
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    if (alive.has(state)) continue;
    alive.add(state);
    queue.push(...sources[state]!);
  }
  return alive;
}

/** Whether no text is accepted. The automaton has to be pruned. */
export function isEmpty(automaton: Automaton): boolean {
  return !automaton[0]!.accepts && automaton[0]!.edges.length === 0;
}

export function tooLarge(): Unenforceable {
  return new Unenforceable(`needs an automaton of more than ${AUTOMATON_STATES_MAX} states`);
}
