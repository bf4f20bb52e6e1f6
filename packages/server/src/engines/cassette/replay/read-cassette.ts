/** Reads a cassette from its file. Whatever stands in it, the answer is a cassette or a sentence. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readBytes } from '../format/bytes.js';
import { CassetteError } from '../format/cassette-error.js';
import { FILE_BYTES_MAX, LINE_BYTES_MAX } from '../format/limits.js';
import type { ExchangeLine, RecordedRequest, VersionLine } from '../format/lines.js';
import { digestRequest, normaliseRequest } from '../format/match-request.js';
import { LineParser, parseVersionLine } from '../format/parse-line.js';
import { Cassette, type RecordedAnswer, type Track } from './cassette.js';

const NEWLINE = 0x0a;

/**
 * Reads a cassette as a whole; a last line that was torn off is left out.
 *
 * @throws CassetteError when the file cannot be read, is no cassette, or has a line that is none.
 */
export function readCassette(path: string): Cassette {
  const bytes = readWhole(path);
  const lines = splitLines(bytes, path);
  const version = parseVersionLine(lines.next().value?.text ?? '', path);
  const tracks = new Map<string, Track>();
  const parser = new LineParser();
  let upstream: string | undefined;
  for (const { text, number, isWhole } of lines) {
    const exchange = isWhole ? parser.parse(text, `${path}, line ${number}`) : undefined;
    if (exchange === undefined) continue;
    upstream ??= exchange.upstream;
    try {
      addExchange(tracks, exchange, version, number);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CassetteError(`${path}, line ${number}: its body is nested too deep.`, { cause: error });
    }
  }
  return new Cassette({ name: basename(path), upstream, ...version, tracks });
}

function readWhole(path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new CassetteError(`${path} is no file.`);
    if (stats.size > FILE_BYTES_MAX) {
      throw new CassetteError(`${path} has ${stats.size} bytes; a cassette has at most ${FILE_BYTES_MAX}.`);
    }
    return readFileSync(file);
  } catch (error) {
    if (error instanceof CassetteError) throw error;
    throw new CassetteError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Whether it has its end: the last one may have been torn off. */
  readonly isWhole: boolean;
}

function* splitLines(bytes: Buffer, path: string): Generator<Line, undefined> {
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    number += 1;
    const place = bytes.indexOf(NEWLINE, start);
    const end = place === -1 ? bytes.length : place;
    if (end - start > LINE_BYTES_MAX) {
      throw new CassetteError(`${path}, line ${number} is longer than ${LINE_BYTES_MAX} bytes.`);
    }
    const text = bytes.toString('utf8', start, end);
    if (text.trim() !== '') yield { text, number, isWhole: place !== -1 };
    start = end + 1;
  }
  return undefined;
}

function addExchange(tracks: Map<string, Track>, exchange: ExchangeLine, version: VersionLine, line: number): void {
  const { request, response, end } = exchange;
  const { digest, ...identified } = identify(request, version.salt);
  const answer: RecordedAnswer = {
    response: response && {
      ...response,
      chunks: response.chunks.map((chunk) => ({ at: chunk.at, bytes: readBytes(chunk) ?? Buffer.alloc(0) })),
    },
    endAt: end.at,
    error: end.error,
  };
  const track = tracks.get(digest);
  if (track !== undefined) track.answers.push(answer);
  else tracks.set(digest, { request: { ...identified, line }, answers: [answer] });
}

/** By its own digest where the request was scrubbed; whoever edits one that was not gets what stands there then. */
function identify({ method, path, headers, body, match }: RecordedRequest, salt: string) {
  const bytes = bodyOf(body);
  const normalised = normaliseRequest({ method, path, headers: new Map(Object.entries(headers)), body: bytes });
  return { ...normalised, digest: match ?? digestRequest(normalised, salt), size: body?.bytes ?? bytes.length };
}

function bodyOf(body: RecordedRequest['body']): Buffer {
  if (body?.json !== undefined) return Buffer.from(JSON.stringify(body.json));
  return readBytes(body ?? {}) ?? Buffer.alloc(0);
}
