/** The markers of DeepSeek's prompt format. In text they are ordinary characters, unless it is asked for them. */

/** The ids of the markers that have a meaning. */
export const MARKERS: ReadonlyMap<string, number> = new Map([
  ['<｜begin▁of▁sentence｜>', 0],
  ['<｜end▁of▁sentence｜>', 1],
  ['<｜▁pad▁｜>', 2],
  ['<｜fim▁hole｜>', 128800],
  ['<｜fim▁begin｜>', 128801],
  ['<｜fim▁end｜>', 128802],
  ['<｜User｜>', 128803],
  ['<｜Assistant｜>', 128804],
  ['<|EOT|>', 128805],
  ['<｜tool▁calls▁begin｜>', 128806],
  ['<｜tool▁calls▁end｜>', 128807],
  ['<｜tool▁call▁begin｜>', 128808],
  ['<｜tool▁call▁end｜>', 128809],
  ['<｜tool▁outputs▁begin｜>', 128810],
  ['<｜tool▁outputs▁end｜>', 128811],
  ['<｜tool▁output▁begin｜>', 128812],
  ['<｜tool▁output▁end｜>', 128813],
  ['<｜tool▁sep｜>', 128814],
]);

/** Ids that the vocabulary keeps for later: `<｜place▁holder▁no▁0｜>` to `799`. */
const FIRST_PLACEHOLDER = 128_000;
const PLACEHOLDERS = 800;
const PLACEHOLDER = /^<｜place▁holder▁no▁(0|[1-9]\d{0,2})｜>$/;

/** Whatever looks like a marker. None is longer, and none has another in it. */
const CANDIDATE = /<[｜|][^<>]{1,32}[｜|]>/g;

const NAMES: ReadonlyMap<number, string> = new Map(Array.from(MARKERS, ([name, id]) => [id, name]));

/** A marker in a text. */
export interface FoundMarker {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** The markers in a text, from its beginning to its end. */
export function* findMarkers(text: string): Generator<FoundMarker> {
  for (const { 0: name, index } of text.matchAll(CANDIDATE)) {
    const id = idOfMarker(name);
    if (id !== undefined) yield { id, start: index, end: index + name.length };
  }
}

/** The name of a marker, undefined for other ids. */
export function nameOfMarker(id: number): string | undefined {
  const placeholder = id - FIRST_PLACEHOLDER;
  const isPlaceholder = Number.isInteger(id) && placeholder >= 0 && placeholder < PLACEHOLDERS;
  return isPlaceholder ? `<｜place▁holder▁no▁${placeholder}｜>` : NAMES.get(id);
}

function idOfMarker(name: string): number | undefined {
  const placeholder = Number(PLACEHOLDER.exec(name)?.[1] ?? Number.NaN);
  return placeholder < PLACEHOLDERS ? FIRST_PLACEHOLDER + placeholder : MARKERS.get(name);
}
