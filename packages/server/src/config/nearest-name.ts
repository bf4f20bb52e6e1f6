/** Finds what somebody meant who wrote a name slightly wrong. */

/** One wrong letter is forgiven for every so many letters of the name, or part of them. */
const LETTERS_PER_MISTAKE = 3;

/** Longer names are not compared: nobody mistypes them into a short one. */
const COMPARED_CHARACTERS_MAX = 64;

/**
 * The candidate that differs least from `name`, letter case and hyphens for underscores not counted, or undefined when
 * none is near enough to be worth suggesting. The first one wins among equals.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > COMPARED_CHARACTERS_MAX) return undefined;
  const wanted = normalize(name);
  let nearest: string | undefined;
  let nearestDistance = Math.ceil(wanted.length / LETTERS_PER_MISTAKE) + 1;
  for (const candidate of candidates) {
    const distance = countEdits(wanted, normalize(candidate));
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

function normalize(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function countEdits(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, beforePrevious[column - 2]! + 1);
      current.push(edits);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}
