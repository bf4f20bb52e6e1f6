/** From a regular expression to a deterministic automaton: Thompson's construction, then sets of its states. */
import { AUTOMATON_STATES_MAX, PATTERN_STEPS_MAX } from '../limits.js';
import type { Range } from '../node.js';
import { Unenforceable } from '../unenforceable.js';
import { type Automaton, type Edge, prune, type State, tooLarge } from './automaton.js';
import type { Pattern } from './pattern.js';

/**
 * @param effort Counts the work, for all patterns of a grammar together.
 * @throws Unenforceable when the automaton is too large, or there has been too much work.
 */
export function compilePattern(pattern: Pattern, effort = { patternSteps: 0 }): Automaton {
  const machine = new Machine();
  const start = machine.addState();
  const end = machine.add(pattern, start);
  return determinize(machine, start, end, effort);
}

/** States of the machine before it is made deterministic: a pattern is small against what it is expanded to. */
const MACHINE_STATES_MAX = 4 * AUTOMATON_STATES_MAX;

/** A machine with free steps: it can be in several states at once. */
class Machine {
  /** The states that each state leads to without a character. */
  readonly free: number[][] = [];
  /** What each state leads to with a character. */
  readonly steps: ([ranges: readonly Range[], target: number] | undefined)[] = [];

  addState(): number {
    if (this.free.length >= MACHINE_STATES_MAX) throw tooLarge();
    this.steps.push(undefined);
    return this.free.push([]) - 1;
  }

  /** Adds a pattern behind a state that nothing leads away from yet; returns the state behind the pattern. */
  add(pattern: Pattern, from: number): number {
    switch (pattern.kind) {
      case 'class': {
        const to = this.addState();
        this.steps[from] = [pattern.ranges, to];
        return to;
      }
      case 'sequence':
        return pattern.parts.reduce((place, part) => this.add(part, place), from);
      case 'choice':
        return this.#addChoice(pattern.parts, from);
      case 'repeat':
        return this.#addRepeat(pattern.part, pattern.min, pattern.max, from);
    }
  }

  #addChoice(parts: readonly Pattern[], from: number): number {
    const to = this.addState();
    for (const part of parts) {
      const start = this.addState();
      this.free[from]!.push(start);
      this.free[this.add(part, start)]!.push(to);
    }
    return to;
  }

  #addRepeat(part: Pattern, min: number, max: number, from: number): number {
    let place = from;
    for (let count = 0; count < min; count++) place = this.add(part, place);
    const to = this.addState();
    if (max === Number.POSITIVE_INFINITY) {
      const start = this.addState();
      this.free[place]!.push(start, to);
      this.free[this.add(part, start)]!.push(place);
      return to;
    }
    for (let count = min; count < max; count++) {
      const start = this.addState();
      this.free[place]!.push(start, to);
      place = this.add(part, start);
    }
    this.free[place]!.push(to);
    return to;
  }
}

function determinize(machine: Machine, start: number, end: number, effort: { patternSteps: number }): Automaton {
  const places = new Map<string, number>();
  const sets: number[][] = [];
  const placeOf = (states: Iterable<number>): number => {
    const closed = close(machine, states);
    effort.patternSteps += closed.length;
    if (effort.patternSteps > PATTERN_STEPS_MAX) throw new Unenforceable('takes too much work to enforce');
    const key = closed.join(' ');
    const known = places.get(key);
    if (known !== undefined) return known;
    if (sets.length >= AUTOMATON_STATES_MAX) throw tooLarge();
    places.set(key, sets.length);
    return sets.push(closed) - 1;
  };
  placeOf([start]);
  const states: State[] = [];
  for (let place = 0; place < sets.length; place++) {
    const set = sets[place]!;
    states.push({ accepts: set.includes(end), edges: edgesOf(machine, set, placeOf) });
  }
  return prune(states);
}

/** All states that are reached for free, in order. */
function close(machine: Machine, states: Iterable<number>): number[] {
  const closed = new Set<number>();
  const queue = [...states];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    if (closed.has(state)) continue;
    closed.add(state);
    queue.push(...machine.free[state]!);
  }
  // A state that leads on for free alone adds nothing to the set but what it leads to.
  return [...closed]
    .filter((state) => machine.steps[state] !== undefined || machine.free[state]!.length === 0)
    .sort((a, b) => a - b);
}

/** Cuts the characters at the borders of all steps, and joins those that lead to the same states. */
function edgesOf(machine: Machine, set: readonly number[], placeOf: (states: Iterable<number>) => number): Edge[] {
  const steps = set.flatMap((state) => (machine.steps[state] === undefined ? [] : [machine.steps[state]]));
  const borders = new Set<number>();
  for (const [ranges] of steps) for (const [first, last] of ranges) borders.add(first).add(last + 1);
  const cuts = [...borders].sort((left, right) => left - right);
  const found = new Map<number, [number, number][]>();
  for (let index = 0; index + 1 < cuts.length; index++) {
    const first = cuts[index]!;
    const targets = steps.filter(([ranges]) => ranges.some(([from, to]) => from <= first && first <= to));
    if (targets.length === 0) continue;
    const place = placeOf(targets.map(([, target]) => target));
    const ranges = found.get(place) ?? [];
    const previous = ranges.at(-1);
    if (previous !== undefined && previous[1] + 1 === first) previous[1] = cuts[index + 1]! - 1;
    else ranges.push([first, cuts[index + 1]! - 1]);
    found.set(place, ranges);
  }
  return [...found].map(([target, ranges]) => ({ ranges, target }));
}
