/** Learns the form of an event that has been read: where its values stand, shown by putting others in their places. */
import { ChunkForm, type Hole, type HoleKind } from './chunk-form.js';
import { isRecord } from './json.js';
import { type ChunkContent, readChunk, readFinishReason } from './read-chunk.js';

type Path = readonly (string | number)[];

/** What stands for a text, and for a number, when a place is tried. */
const PROBE = 'plumb probe';
const PROBE_NUMBER = 1_234_567_890;

/** An event that has been read. */
export interface ReadEvent {
  /** All of it, from its first byte to the end of the empty line. */
  readonly event: Buffer;
  /** Its data, and what that is as JSON. */
  readonly data: string;
  readonly value: unknown;
  readonly chunk: ChunkContent;
}

/** Undefined for an event that says more than one thing, or whose values stand in no place of their own. */
export function learnForm({ event, data, value, chunk }: ReadEvent, reasoningFields: readonly string[]) {
  if (!isRecord(value) || chunk.toolCalls.length > 0 || chunk.logprobs !== null || chunk.usage !== undefined) {
    return undefined;
  }
  const dataStart = event.indexOf(data);
  const paths = pathsOf(value, chunk, reasoningFields);
  if (dataStart === -1 || paths === undefined) return undefined;
  const holes: Hole[] = [];
  for (const [kind, path] of paths) {
    const hole = findHole(data, value, kind, path);
    if (hole === undefined || !isRead(value, chunk, kind, path, reasoningFields)) return undefined;
    holes.push(hole);
  }
  holes.sort((one, other) => one.start - other.start);
  const toBytes = (place: number) => dataStart + Buffer.byteLength(data.slice(0, place));
  const places = holes.map(({ kind, start, end }) => ({ kind, start: toBytes(start), end: toBytes(end) }));
  return new ChunkForm(event, places, chunk.fingerprint);
}

/** Where the values stand that differ; undefined when the event says two things at once. */
function pathsOf(
  value: Record<string, unknown>,
  { reasoning, content, finishReason }: ChunkContent,
  reasoningFields: readonly string[],
): [HoleKind, Path][] | undefined {
  const said = [reasoning !== '', content !== '', finishReason !== undefined].filter(Boolean).length;
  if (said > 1) return undefined;
  const paths: [HoleKind, Path][] = [];
  if (typeof value.id === 'string' && value.id !== '') paths.push(['id', ['id']]);
  if (Number.isSafeInteger(value.created) && Number(value.created) >= 0) paths.push(['created', ['created']]);
  const choice = ['choices', 0];
  const isDelta = isRecord(at(value, [...choice, 'delta']));
  if (content !== '') paths.push(['content', isDelta ? [...choice, 'delta', 'content'] : [...choice, 'text']]);
  if (finishReason !== undefined) paths.push(['finish_reason', [...choice, 'finish_reason']]);
  if (reasoning === '') return paths;
  const field = reasoningFields.find((name) => at(value, [...choice, 'delta', name]) === reasoning);
  return field === undefined ? undefined : [...paths, ['reasoning', [...choice, 'delta', field]]];
}

/** Whether a chunk is read by what stands at a path: with another value there it says that, and all else as before. */
function isRead(
  value: Record<string, unknown>,
  chunk: ChunkContent,
  kind: HoleKind,
  path: Path,
  reasoningFields: readonly string[],
): boolean {
  const read = readChunk(withValue(value, path, PROBE), reasoningFields);
  const said =
    kind === 'finish_reason' ? { finishReason: readFinishReason(PROBE) } : isText(kind) ? { [kind]: PROBE } : {};
  return JSON.stringify(read) === JSON.stringify({ ...chunk, ...said });
}

function isText(kind: HoleKind): boolean {
  return kind === 'content' || kind === 'reasoning';
}

/** Where the literal of a value stands in the data: exchanged for another one there, nothing else is different. */
function findHole(data: string, value: Record<string, unknown>, kind: HoleKind, path: Path): Hole | undefined {
  const literal = JSON.stringify(at(value, path));
  const probe = kind === 'created' ? PROBE_NUMBER : PROBE;
  const expected = JSON.stringify(withValue(value, path, probe));
  for (let place = data.indexOf(literal); place !== -1; place = data.indexOf(literal, place + 1)) {
    const probed = data.slice(0, place) + JSON.stringify(probe) + data.slice(place + literal.length);
    if (reprint(probed) !== expected) continue;
    const quote = kind === 'created' ? 0 : 1;
    return { kind, start: place + quote, end: place + literal.length - quote };
  }
  return undefined;
}

/** The JSON text as JSON.stringify writes it; undefined when it is none. */
function reprint(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (part as Record<string | number, unknown> | null | undefined)?.[key],
    value,
  );
}

/** A copy with another value in one place. */
function withValue(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const parts = copy as Record<string | number, unknown>;
  parts[key] = withValue(parts[key], rest, replacement);
  return copy;
}
